-- One deployment serves one Conomy tenant: the first service to start writes the row, later ones compare.
create table environment (
  only_row boolean primary key default true constraint environment_is_one_row check (only_row),
  conomy_base_url text not null,
  conomy_client_id text not null,
  created_at timestamptz not null default capstan_now()
);

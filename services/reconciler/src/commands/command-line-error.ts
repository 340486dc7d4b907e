/** What was typed is not a command that can be run; the usage says what is. */
export class CommandLineError extends Error {
  readonly code = 'command_line_invalid';
}

/** Where a command prints. */
export interface Screen {
  isTTY?: boolean;
  write(text: string): unknown;
}

/** An answer with another status code than 200. */
export class Reply {
  readonly status: number;

  readonly body: unknown;

  constructor(status: number, body: unknown) {
    this.status = status;
    this.body = body;
  }
}

import { HttpError } from "../domain/errors.ts";

/** A failure that another attempt would not mend. */
export class FinalHttpError extends HttpError {}

/** An answer whose status says no. */
export class RefusedError extends HttpError {
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined;
  constructor(url: string, status: number, message: string, retryAfter: number | undefined) {
    super(url, status, message);
    this.retryAfter = retryAfter;
  }
}

/** A bitmap that breaks its own rules; the message is one clause. */
export class BmpError extends Error {
  override readonly name = "BmpError";
}

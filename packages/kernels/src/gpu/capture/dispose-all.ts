/** Disposes whatever can be disposed in a value: itself, or the items of arrays, maps and objects. */
export function disposeAll(value: unknown): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if (Symbol.dispose in value) {
    (value as Disposable)[Symbol.dispose]();
    return;
  }
  if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
    for (const item of value.values()) disposeAll(item);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return;
  for (const item of Object.values(value)) disposeAll(item);
}

/** Says something, then fails. */
export async function run(): Promise<never> {
  console.warn("about to fail", 42);
  const response = await fetch("/greeting.txt");
  throw new Error(`on purpose, after ${await response.text()}`);
}

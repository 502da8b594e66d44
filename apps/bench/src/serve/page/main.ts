import { BenchPage } from "./bench-page.ts";

await new BenchPage().start();

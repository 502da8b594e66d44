import { DetectPage } from "./detect-page.ts";

await new DetectPage().start();

import { Command, InvalidArgumentError } from "commander";

/** Options of `web serve`, parsed. */
export interface ServeCommandOptions {
  readonly port: number;
  readonly host: string;
  readonly bundle?: string;
}

/** Options of `web build`, parsed. */
export interface BuildCommandOptions {
  readonly bundle?: string;
}

/** What the commands do. */
export interface WebActions {
  serve(options: ServeCommandOptions): Promise<void>;
  build(folder: string, options: BuildCommandOptions): Promise<void>;
}

const LAST_PORT = 65_535;
const BUNDLE = ["--bundle <dir>", "detectors of another folder than the shipped one"] as const;

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= LAST_PORT) return port;
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${LAST_PORT}.`);
}

/** `web serve`, `web build` */
export function buildProgram(actions: WebActions): Command {
  const program = new Command("web")
    .description("the page that judges pictures in the browser that opens it")
    .showHelpAfterError();
  program
    .command("serve")
    .description("serve the page on this machine")
    .option("--port <n>", "0 for any that is free", parsePort, 8090)
    .option("--host <address>", "who may connect; browsers want HTTPS for others", "127.0.0.1")
    .option(...BUNDLE)
    .action((options: ServeCommandOptions) => actions.serve(options));
  program
    .command("build")
    .description("write the page into a folder, for any web server")
    .argument("[folder]", "where to", "fauxgrad-web")
    .option(...BUNDLE)
    .action((folder: string, options: BuildCommandOptions) => actions.build(folder, options));
  return program;
}

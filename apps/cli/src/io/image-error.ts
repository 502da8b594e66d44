/** What an {@link ImageError} says, in the order it is printed. */
export interface ImageProblem {
  /** The file as the user named it. */
  readonly file: string;
  /** One clause: what is wrong with it, with values. */
  readonly problem: string;
  /** Facts, one a line, e.g. `size    640 x 480`. */
  readonly details?: readonly string[];
  /** One sentence: what to do. */
  readonly remedy: string;
}

/**
 * One image that cannot be used. A batch reports it and goes on with the next.
 *
 * The message is `file: problem`, the details indented, then the remedy.
 */
export class ImageError extends Error {
  override readonly name = "ImageError";
  readonly file: string;
  readonly problem: string;
  readonly details: readonly string[];
  readonly remedy: string;

  constructor(what: ImageProblem, options?: ErrorOptions) {
    const details = what.details ?? [];
    super(
      [`${what.file}: ${what.problem}`, ...details.map(indent), what.remedy].join("\n"),
      options,
    );
    this.file = what.file;
    this.problem = what.problem;
    this.details = details;
    this.remedy = what.remedy;
  }
}

function indent(line: string): string {
  return `  ${line}`;
}

/**
 * The {@link ImageError} for a file that the operating system will not give: missing, a folder,
 * unreadable. Anything else comes through with its own text.
 */
export function fileProblem(file: string, cause: unknown): ImageError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const [problem, remedy] = FILE_PROBLEMS[code] ?? [
    "the file cannot be read",
    "Check the disk and the path.",
  ];
  const details = FILE_PROBLEMS[code] === undefined ? [`system  ${String(cause)}`] : [];
  return new ImageError({ file, problem, details, remedy }, { cause });
}

const FILE_PROBLEMS: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ["there is no such file or folder", "Check the path."],
  ENOTDIR: ["a part of the path is not a folder", "Check the path."],
  EACCES: ["reading it is not permitted", "Change its permissions, or leave it out."],
  EPERM: ["reading it is not permitted", "Change its permissions, or leave it out."],
  ELOOP: ["its symbolic links lead in a circle", "Remove the link, or leave it out."],
  EMFILE: ["too many files are open", "Raise the limit of open files (ulimit -n)."],
  EISDIR: ["it is a folder, not an image", "Name a file, or pass the folder as an input."],
};

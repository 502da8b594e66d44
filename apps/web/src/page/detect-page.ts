/*
 * The shipped detectors in a browser: a visitor's pictures are judged by the same code as on the
 * command line, on the browser's own WebGPU. Nothing is sent anywhere.
 */
import { LIMITS, READING } from "@fauxgrad/detectors";
import { ImageError } from "../../../cli/src/io/image-error.ts";
import { type Pending, showExamples } from "./examples.ts";
import type { PageProgress } from "./load-detectors.ts";
import { element, type PageElements, pageElements } from "./page-elements.ts";
import { failureView, judgementView } from "./result-view.ts";
import { Session } from "./session.ts";

/** `index.html`, alive. */
export class DetectPage {
  readonly #page: PageElements = pageElements();
  readonly #waiting: Pending[] = [];
  #session: Session | null = null;
  #isWorking = false;
  /** Of what is running now. */
  #abort = new AbortController();
  #isWarmingUp = false;

  /** Shows the page's texts and examples, opens the device, loads the detectors, compiles kernels. */
  async start(): Promise<void> {
    const { reading, limits, again } = this.#page;
    reading.replaceChildren(...READING.map((text) => element("li", "", text)));
    limits.replaceChildren(...LIMITS.map((text) => element("li", "", text)));
    again.addEventListener("click", () => void this.#open());
    this.#listen();
    await Promise.all([this.#open(), showExamples(this.#page, (example) => this.#add([example]))]);
  }

  #listen(): void {
    const { files, drop, cancel } = this.#page;
    files.addEventListener("change", () => {
      this.#addFiles(files.files);
      // The same file may be chosen again.
      files.value = "";
    });
    // Wherever it falls: a browser would leave the page and show the picture.
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
    document.addEventListener("dragleave", ({ relatedTarget }) => {
      if (relatedTarget === null) drop.classList.remove("over");
    });
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      this.#addFiles(event.dataTransfer?.files);
    });
    document.addEventListener("paste", ({ clipboardData }) => {
      this.#addFiles(clipboardData?.files);
    });
    cancel.addEventListener("click", () => {
      this.#waiting.length = 0;
      this.#abort.abort();
    });
  }

  async #open(): Promise<void> {
    const { device, failure, cards } = this.#page;
    failure.hidden = true;
    this.#session = null;
    try {
      const session = await Session.open(
        ({ name, software }) => {
          const remark = software ? " (on the CPU: a GPU takes a fraction of the time)" : "";
          device.textContent = `Computed on ${name}${remark}`;
        },
        (progress) => this.#tell(progress),
      );
      this.#session = session;
      void session.opened.device.lost.then(({ message }) => this.#lose(session, message));
      showCards(cards, session);
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
      return;
    }
    await this.#run(() => this.#warmUp());
    await this.#work();
  }

  #lose(session: Session, message: string): void {
    if (this.#session !== session) return;
    this.#session = null;
    this.#abort.abort();
    this.#fail(`The GPU was lost: ${message || "the browser does not say why"}\nStart again.`);
  }

  #fail(text: string): void {
    const { failure, failureText } = this.#page;
    failureText.textContent = text;
    failure.hidden = false;
    this.#tell({ text: "", detail: "", done: 0, total: 1 });
  }

  #tell({ text, detail, done, total }: PageProgress): void {
    const { state, progress } = this.#page;
    // Screen readers read every change out.
    if (state.textContent !== text) state.textContent = text;
    this.#page.detail.textContent = detail;
    if (total > 0) progress.value = done / total;
    else progress.removeAttribute("value");
  }

  #addFiles(files: FileList | null | undefined): void {
    this.#add(Array.from(files ?? [], (file) => ({ name: file.name, read: async () => file })));
  }

  #add(pictures: readonly Pending[]): void {
    if (pictures.length === 0) return;
    this.#waiting.push(...pictures);
    if (this.#isWarmingUp) this.#abort.abort();
    void this.#work();
  }

  /** Judges what waits, one picture after another. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    while (this.#session !== null && this.#waiting.length > 0) {
      await this.#run(() => this.#judgeNext());
    }
  }

  /** One thing at a time has the device. */
  async #run(task: () => Promise<void>): Promise<void> {
    const { cancel } = this.#page;
    this.#isWorking = true;
    this.#abort = new AbortController();
    cancel.disabled = false;
    try {
      await task();
    } finally {
      this.#isWorking = false;
      cancel.disabled = true;
    }
  }

  async #warmUp(): Promise<void> {
    const session = this.#session;
    if (session === null || this.#waiting.length > 0) return;
    this.#isWarmingUp = true;
    try {
      await session.warmUp(this.#abort.signal, (progress) => this.#tell(progress));
    } catch (error) {
      if (!this.#abort.signal.aborted && !(await session.isLost())) this.#fail(String(error));
      else if (this.#session !== null) this.#ready();
      return;
    } finally {
      this.#isWarmingUp = false;
    }
    this.#ready();
  }

  #ready(): void {
    this.#tell({ text: "Ready: give it a picture.", detail: "", done: 0, total: 1 });
  }

  async #judgeNext(): Promise<void> {
    const session = this.#session;
    const pending = this.#waiting.shift();
    if (session === null || pending === undefined) return;
    const { signal } = this.#abort;
    try {
      const file = await pending.read();
      const judgement = await session.judge(file, signal, (progress) => this.#tell(progress));
      this.#show(judgementView(pending.name, judgement));
      const text = `${pending.name}: ${judgement.words}`;
      this.#tell({ text, detail: "", done: 1, total: 1 });
    } catch (error) {
      if (await session.isLost()) {
        // Judged when the visitor starts again.
        this.#waiting.unshift(pending);
      } else if (signal.aborted) {
        this.#tell({ text: "Cancelled.", detail: "", done: 0, total: 1 });
      } else {
        const reason = reasonOf(error);
        this.#show(failureView(pending.name, reason));
        this.#tell({ text: `${pending.name}: ${reason}`, detail: "", done: 0, total: 1 });
      }
    }
  }

  #show(result: HTMLElement): void {
    this.#page.results.prepend(result);
    if (this.#waiting.length === 0) result.scrollIntoView({ block: "nearest" });
  }
}

/** The name stands above it already. */
function reasonOf(error: unknown): string {
  if (!(error instanceof ImageError)) return error instanceof Error ? error.message : String(error);
  const { problem, details, remedy } = error;
  return [`${problem}.`, ...details, remedy].join("\n");
}

/** What is known about the detectors, beside the page. */
function showCards(place: HTMLElement, { detectors }: Session): void {
  const links = detectors.judges.map(({ detector: { title, card } }) => {
    const link = element("a", "", title);
    link.href = `${card}.txt`;
    return link;
  });
  const listed = links.flatMap((link, i) => (i === 0 ? [link] : [", ", link]));
  place.replaceChildren("How each detector was trained, and how often it is right: ", ...listed);
}

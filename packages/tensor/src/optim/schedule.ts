// Schedules are functions: the factor of the learning rate at a step (or epoch), counted from 0.
// They compose by multiplication, and any function of a number is one (PyTorch's LambdaLR).

import type { Optimizer } from "./optimizer.ts";

/** Factor of the base learning rate at `step`. */
export type Schedule = (step: number) => number;

/** `gamma^⌊step / stepSize⌋`. @see torch.optim.lr_scheduler.StepLR */
export function stepLR({ stepSize, gamma = 0.1 }: { stepSize: number; gamma?: number }): Schedule {
  return (step) => gamma ** Math.floor(step / stepSize);
}

/** `gamma` to the number of milestones reached. @see torch.optim.lr_scheduler.MultiStepLR */
export function multiStepLR({
  milestones,
  gamma = 0.1,
}: {
  milestones: readonly number[];
  gamma?: number;
}): Schedule {
  return (step) => gamma ** milestones.filter((milestone) => milestone <= step).length;
}

/**
 * `minimum + (1 − minimum) · (1 + cos(π · step / tMax)) / 2`: Loshchilov and Hutter, "SGDR", 2017,
 * without restarts; it rises again after `tMax`.
 *
 * @param minimum PyTorch's `eta_min`, as a factor of the base learning rate
 * @see torch.optim.lr_scheduler.CosineAnnealingLR
 */
export function cosineAnnealingLR({
  tMax,
  minimum = 0,
}: {
  tMax: number;
  minimum?: number;
}): Schedule {
  return (step) => minimum + ((1 - minimum) * (1 + Math.cos((Math.PI * step) / tMax))) / 2;
}

/**
 * Grows linearly from `startFactor` to 1 over `length` steps; then `after`, counted from there.
 *
 * @see torch.optim.lr_scheduler.LinearLR
 */
export function linearWarmup(
  { length, startFactor = 1 / 3 }: { length: number; startFactor?: number },
  after: Schedule = () => 1,
): Schedule {
  return (step) =>
    step < length ? startFactor + ((1 - startFactor) * step) / length : after(step - length);
}

/** The product of schedules. */
export function product(...schedules: readonly Schedule[]): Schedule {
  return (step) => schedules.reduce((factor, schedule) => factor * schedule(step), 1);
}

/** What a {@link Scheduler} resumes from. */
export interface SchedulerState {
  readonly step: number;
  readonly baseLearningRates: readonly number[];
}

/**
 * Sets an optimizer's learning rates: those it has now are multiplied by the schedule's factor.
 *
 * Call {@link step} after each epoch (or optimizer step, if the schedule counts those).
 */
export class Scheduler {
  readonly #optimizer: Optimizer;
  readonly #schedule: Schedule;
  #baseLearningRates: readonly number[];
  #step = 0;

  constructor(optimizer: Optimizer, schedule: Schedule) {
    this.#optimizer = optimizer;
    this.#schedule = schedule;
    this.#baseLearningRates = optimizer.groups.map(({ lr }) => lr);
    this.#apply();
  }

  /** Calls of {@link step} so far. */
  get current(): number {
    return this.#step;
  }

  /** The next factor. */
  step(): void {
    this.#step++;
    this.#apply();
  }

  get state(): SchedulerState {
    return { step: this.#step, baseLearningRates: this.#baseLearningRates };
  }

  /** Continues from a saved state. */
  load({ step, baseLearningRates }: SchedulerState): void {
    this.#step = step;
    this.#baseLearningRates = [...baseLearningRates];
    this.#apply();
  }

  #apply(): void {
    const factor = this.#schedule(this.#step);
    this.#optimizer.groups.forEach((group, i) => {
      group.lr = factor * (this.#baseLearningRates[i] ?? group.lr);
    });
  }
}

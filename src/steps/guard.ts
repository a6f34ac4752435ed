import { isAllowed, refuseLosses, type Loss } from "../tools/plan-guard.ts";

/** What all plans of a run together would take away, and whether somebody agreed to it. */
export interface Guard {
  /** What was found so far, allowed or not. */
  readonly losses: readonly Loss[];
  /** What was allowed by name, and nothing would lose. */
  readonly unneeded: readonly string[];
  /** What is found now is what will be shown. */
  readonly isPutOff: boolean;
  /** Keeps what a step has found, in place of what it found before; refuses it, unless refusing is put off. */
  weigh(step: string, losses: readonly Loss[]): void;
  /** Until `enforce`, losses are only kept: so that all of them are told at once, or only shown. */
  putOff(): void;
  /** UserError PlanWouldDestroy with all that nobody has named; from now on refuses at once, named data included. */
  enforce(): void;
}

/** `allowed` are the addresses that the operator has named. */
export function createGuard(allowed: readonly string[] = []): Guard {
  const found = new Map<string, readonly Loss[]>();
  let isPutOff = false;
  /** What was found before any step ran. */
  let agreed: readonly Loss[] | undefined;
  const losses = () => [...found.values()].flat();
  return {
    get losses() {
      return losses();
    },
    get unneeded() {
      return allowed.filter((address) => !losses().some((loss) => isAllowed(loss, [address])));
    },
    get isPutOff() {
      return isPutOff;
    },
    weigh(step, lost) {
      found.set(step, lost);
      if (isPutOff) return;
      if (agreed) refuseUnseenData(lost, agreed);
      refuseLosses(lost, allowed, agreed && "that was not done");
    },
    putOff() {
      isPutOff = true;
    },
    enforce() {
      isPutOff = false;
      refuseLosses(losses(), allowed);
      agreed = losses();
    },
  };
}

/** While steps run it is too late to agree to it, whatever was named. */
function refuseUnseenData(losses: readonly Loss[], agreed: readonly Loss[]): void {
  const data = losses.filter(({ carriesData }) => carriesData);
  refuseLosses(
    data,
    agreed.map(({ address }) => address),
    "that was not done",
  );
}

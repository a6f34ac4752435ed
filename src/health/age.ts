const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** "40 s", "12 min", "5 h", "3 days": as much as one wants to know of what is past. */
export function formatAge(since: Date | string, now: Date): string {
  const age = ageOf(since, now);
  if (age < minute) return `${Math.round(age / 1000)} s`;
  if (age < 2 * hour) return `${Math.round(age / minute)} min`;
  if (age < 2 * day) return `${Math.round(age / hour)} h`;
  return `${Math.round(age / day)} days`;
}

export function minutesSince(since: Date | string, now: Date): number {
  return ageOf(since, now) / minute;
}

export function daysUntil(then: Date, now: Date): number {
  return Math.floor((then.getTime() - now.getTime()) / day);
}

/** "2026-11-21" */
export function formatDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** Clocks differ: nothing is younger than now. */
function ageOf(since: Date | string, now: Date): number {
  return Math.max(now.getTime() - new Date(since).getTime(), 0);
}

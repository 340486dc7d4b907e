// Loaded before a service: its wall clock goes wrong by CLOCK_SHIFT_MINUTES. Timers and the monotonic clock stay right.
const shiftMs = Number(process.env.CLOCK_SHIFT_MINUTES) * 60_000;
const RightDate = Date;

globalThis.Date = class ShiftedDate extends RightDate {
  constructor(...parts) {
    if (parts.length === 0) super(ShiftedDate.now());
    else super(...parts);
  }

  static now() {
    return RightDate.now() + shiftMs;
  }
};

/** Time since it was made. */
export function stopwatch(): { seconds(): number; text(): string } {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  return {
    seconds,
    /** ` 3:07`, minutes and seconds. */
    text: () => {
      const whole = Math.floor(seconds());
      return `${String(Math.floor(whole / 60)).padStart(2)}:${String(whole % 60).padStart(2, '0')}`;
    },
  };
}

/** One polite voice for what changes, one alarm for what fails: both also stand on the page as text. */
import { Store } from "./store";

const PAUSE = 300;

export class Speech {
  /** What the live region says. */
  readonly said = new Store("");
  /** Remarks on the page (a link that could not be read, …). */
  readonly notices = new Store<readonly string[]>([]);
  readonly alarm = new Store<string | null>(null);
  #waiting: ReturnType<typeof setTimeout> | undefined;

  /** Say it 300 ms after the last change, so that a moving slider is not read out at every stop. */
  say(text: string): void {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.said.set(text), PAUSE);
  }

  notice(text: string): void {
    if (!this.notices.value.includes(text)) this.notices.set([...this.notices.value, text]);
  }

  dismiss(text: string): void {
    this.notices.set(this.notices.value.filter((known) => known !== text));
  }

  alert(text: string | null): void {
    this.alarm.set(text);
  }
}

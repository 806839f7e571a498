// Asking the kernel, and saying so where it does not answer.

const PATIENCE = 4000; // ms for an answer; then the page says that the kernel is gone or busy
const SILENT =
  "The kernel does not answer: it is busy, or gone. What is shown stays usable; run the cell " +
  "again for the rest.";
const RESTARTED =
  "The kernel was restarted or shut down, and this explorer lives in the old one: run its cell " +
  "again. Maps, colours and counts still work; “Why?” and neighbours do not.";

class Kernel {
  constructor(model, name, banner) {
    Object.assign(this, { model, name, banner, asked: 0, questions: new Map() });
  }

  ask(question, buffers = [], patience = PATIENCE) {
    const id = `${this.name}/${++this.asked}`;
    return new Promise((resolve, reject) => {
      const timer = patience && setTimeout(() => this.lost(SILENT), patience);
      this.questions.set(id, { resolve, reject, timer });
      try {
        this.model.send({ ...question, id }, undefined, buffers);
      } catch (error) {
        this.lost(`The kernel cannot be reached (${error.message}).`);
        reject(error);
      }
    });
  }

  hear(answer, buffers) {
    const question = this.questions.get(answer?.id); // another tab's questions are not ours
    if (!question) return;
    this.questions.delete(answer.id);
    clearTimeout(question.timer);
    this.banner.hidden = true;
    if (answer.error) {
      this.lost(answer.error);
      question.reject(new Error(answer.error));
    } else question.resolve({ ...answer, buffers });
  }

  lost(text) {
    this.banner.textContent = text;
    this.banner.hidden = false;
  }

  check() {
    const timer = setTimeout(() => this.lost(RESTARTED), 1500);
    this.ask({ ask: "ping" }, [], 0).then(
      () => clearTimeout(timer),
      () => this.lost(RESTARTED),
    );
  }
}

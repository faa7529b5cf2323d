interface Batch<Question, Answer> {
  readonly questions: Question[];
  readonly answers: Promise<readonly Answer[]>;
}

/** Asks in one go what is asked about one id in one turn of the event loop. */
export class SameTurn<Question, Answer> {
  readonly #askAll: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  readonly #batches = new Map<string, Batch<Question, Answer>>();

  /** @param askAll answers as many, in the order of the questions */
  constructor(askAll: (questions: readonly Question[]) => Promise<readonly Answer[]>) {
    this.#askAll = askAll;
  }

  /** @throws what asking threw, as all do who asked about that id in that turn */
  async ask(id: string, question: Question): Promise<Answer> {
    const { questions, answers } = this.#batches.get(id) ?? this.#begin(id);
    const index = questions.push(question) - 1;
    return (await answers)[index] as Answer;
  }

  #begin(id: string): Batch<Question, Answer> {
    const questions: Question[] = [];
    const answers = Promise.resolve().then(() => {
      this.#batches.delete(id);
      return this.#askAll(questions);
    });
    const batch = { questions, answers };
    this.#batches.set(id, batch);
    return batch;
  }
}

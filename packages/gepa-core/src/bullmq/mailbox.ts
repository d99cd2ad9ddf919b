import { Queue, type QueueOptions, Worker } from 'bullmq';

type Connection = Pick<QueueOptions, 'connection' | 'prefix'>;

/** After this time, the message of a reader that was killed goes to the next reader. */
const LOCK_MS = 10_000;

/** Receives messages in their order. They stay in Redis until they are read. */
export class Mailbox<Message> {
  readonly #worker: Worker<Message>;
  readonly #connection: Connection;

  constructor(
    name: string,
    connection: Connection,
    receive: (message: Message) => void,
    onError: (error: Error) => void,
  ) {
    this.#connection = connection;
    this.#worker = new Worker<Message>(name, async ({ data }) => receive(data), {
      ...connection,
      concurrency: 1,
      lockDuration: LOCK_MS,
      stalledInterval: LOCK_MS / 2,
      maxStalledCount: 1000,
    });
    this.#worker.on('error', onError);
  }

  async open(): Promise<void> {
    await this.#worker.waitUntilReady();
  }

  async close(): Promise<void> {
    await this.#worker.close(true);
  }

  /** Closes the mailbox and removes its keys from Redis. */
  async remove(): Promise<void> {
    await this.close();
    const queue = new Queue(this.#worker.name, this.#connection);
    queue.on('error', () => {});
    await queue.obliterate({ force: true });
    await queue.close();
  }
}

/** Sends messages to mailboxes. */
export class Post<Message> {
  readonly #connection: Connection;
  readonly #queues = new Map<string, Queue>();

  /** @param connection with a client that all queues share. */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async send(mailbox: string, message: Message): Promise<void> {
    let queue = this.#queues.get(mailbox);
    if (queue === undefined) {
      queue = new Queue(mailbox, { ...this.#connection, skipMetasUpdate: true });
      queue.on('error', () => {});
      this.#queues.set(mailbox, queue);
    }
    await queue.add('message', message, { removeOnComplete: true, removeOnFail: true });
  }

  /** Closes the connection to a mailbox that gets no further messages. */
  async forget(mailbox: string): Promise<void> {
    const queue = this.#queues.get(mailbox);
    this.#queues.delete(mailbox);
    await queue?.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.keys()].map((mailbox) => this.forget(mailbox)));
  }
}

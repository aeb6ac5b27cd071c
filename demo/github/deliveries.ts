import { createHmac, randomUUID } from "node:crypto";

export interface Delivery {
  /** A UUID, in `X-GitHub-Delivery`. A redelivery has the same. */
  readonly id: string;
  readonly event: string;
  readonly action: string | undefined;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly attempts: readonly DeliveryAttempt[];
}

export interface DeliveryAttempt {
  readonly redelivery: boolean;
  /** Absent when no answer came. */
  readonly status?: number;
  readonly answer: string;
}

/** The outgoing webhooks: each is kept with its attempts, and none is repeated unless asked, as GitHub has it. */
export interface Outbox {
  readonly deliveries: readonly Delivery[];
  url: string | undefined;
  send(event: string, action: string | undefined, payload: Record<string, unknown>): void;
  redeliver(id: string): Promise<DeliveryAttempt>;
  settled(): Promise<void>;
}

export function outbox(secret: string, appId: number, url: string | undefined): Outbox {
  const deliveries: (Delivery & { attempts: DeliveryAttempt[] })[] = [];
  const running = new Set<Promise<unknown>>();
  const attempt = async (
    delivery: (typeof deliveries)[number],
    redelivery: boolean,
  ): Promise<DeliveryAttempt> => {
    const target = box.url;
    const made =
      target === undefined
        ? { redelivery, answer: "no webhook URL is set" }
        : await post(target, delivery, redelivery);
    delivery.attempts.push(made);
    return made;
  };
  const tracked = <T>(work: Promise<T>): Promise<T> => {
    running.add(work);
    void work.finally(() => running.delete(work));
    return work;
  };
  const post = async (target: string, delivery: Delivery, redelivery: boolean): Promise<DeliveryAttempt> => {
    const body = JSON.stringify(delivery.payload);
    const sign = (algorithm: string) =>
      `${algorithm}=${createHmac(algorithm, secret).update(body).digest("hex")}`;
    try {
      const response = await fetch(target, {
        method: "POST",
        body,
        headers: {
          "content-type": "application/json",
          "user-agent": "GitHub-Hookshot/emulated",
          "x-github-event": delivery.event,
          "x-github-delivery": delivery.id,
          "x-github-hook-id": String(appId),
          "x-github-hook-installation-target-id": String(appId),
          "x-github-hook-installation-target-type": "integration",
          "x-hub-signature": sign("sha1"),
          "x-hub-signature-256": sign("sha256"),
        },
        signal: AbortSignal.timeout(10_000), // GitHub waits ten seconds
      });
      return { redelivery, status: response.status, answer: await response.text() };
    } catch (error) {
      return { redelivery, answer: String(error) };
    }
  };
  const box: Outbox = {
    deliveries,
    url,
    send: (event, action, payload) => {
      const delivery = { id: randomUUID(), event, action, payload, attempts: [] };
      deliveries.push(delivery);
      void tracked(attempt(delivery, false));
    },
    redeliver: (id) => {
      const delivery = deliveries.find((one) => one.id === id);
      if (delivery === undefined) return Promise.reject(new Error(`no delivery ${id}`));
      return tracked(attempt(delivery, true));
    },
    settled: async () => {
      while (running.size > 0) await Promise.all(running);
    },
  };
  return box;
}

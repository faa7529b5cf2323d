import { once } from 'node:events';
import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../dev/command.ts';
import { Container } from '../../dev/containers/container.ts';
import { freePorts } from '../../dev/containers/free-ports.ts';
import { eventually } from './eventually.ts';

const ROOT = new URL('../../', import.meta.url).pathname;

/** What a pod shows, under the labels that a scraper of the cluster would give it. */
export interface Scraped {
  readonly labels: Readonly<Record<string, string>>;
  readonly text: string;
}

/** A Prometheus on this machine with the rules of manifests/monitoring/, which scrapes what was read of pods before. */
export class Prometheus {
  readonly #url: string;
  readonly #container: Container;
  readonly #server: Server;
  readonly #pages: Map<string, string>;

  private constructor(url: string, container: Container, server: Server, pages: Map<string, string>) {
    this.#url = url;
    this.#container = container;
    this.#server = server;
    this.#pages = pages;
  }

  static async start(scraped: readonly Scraped[]): Promise<Prometheus> {
    await runCommand('dev/images.sh', ['prometheus'], { directory: ROOT });
    const image = (await readFile(join(ROOT, '.make/prometheus-image'), 'utf8')).trim();
    const pages = new Map(scraped.map((each) => [pageOf(each), each.text]));
    const server = await serve(pages);
    const folder = await configuration(scraped, (server.address() as AddressInfo).port);
    const [port = 0] = await freePorts(1);
    const container = await Container.start({
      name: 'prometheus',
      image,
      entrypoint: 'prometheus',
      command: [
        '--config.file=/etc/prometheus/prometheus.yml',
        '--storage.tsdb.path=/tmp/data',
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      mounts: { [folder]: '/etc/prometheus', [join(ROOT, 'manifests/monitoring')]: '/manifests' },
    });
    const prometheus = new Prometheus(`http://127.0.0.1:${port}`, container, server, pages);
    // Rates take two samples; whole seconds of them are there then.
    const scrapedOften = `count(count_over_time(up[1m]) >= 5) == ${scraped.length}`;
    await eventually(async () => {
      if ((await prometheus.series(scrapedOften)) !== 1) throw new Error('not everything has been scraped yet');
    }, 120).catch(async (error: unknown) => {
      throw new Error(`Prometheus does not get so far: ${await container.logs()}`, { cause: error });
    });
    return prometheus;
  }

  /** From now on it scrapes these, of the same pods: counters have grown since. */
  show(scraped: readonly Scraped[]): void {
    for (const each of scraped) this.#pages.set(pageOf(each), each.text);
  }

  /** How many series a query finds. Rejects with what is wrong with the query. */
  async series(query: string): Promise<number> {
    return (await samplesOf(this.#url, query)).length;
  }

  async stop(): Promise<void> {
    await this.#container.remove();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

/** What the Prometheus at the URL answers to a query. Rejects with what is wrong with the query. */
export async function samplesOf(url: string, query: string): Promise<readonly Sample[]> {
  const answer = await fetch(`${url}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query }) });
  const body = (await answer.json()) as { error?: string; data?: { result: Sample[] } };
  if (body.data === undefined) throw new Error(`${query}: ${body.error}`);
  return body.data.result;
}

function pageOf({ labels: { component = '', pod = '' } }: Scraped): string {
  return `/${component}/${pod}`;
}

async function serve(pages: ReadonlyMap<string, string>): Promise<Server> {
  const server = createServer(({ url = '' }, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(pages.get(url));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function configuration(scraped: readonly Scraped[], port: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'authcluster-prometheus-'));
  // What the container's user reads.
  await chmod(folder, 0o755);
  const targets = scraped.map((each) => ({
    targets: [`127.0.0.1:${port}`],
    labels: { ...each.labels, __metrics_path__: pageOf(each), instance: pageOf(each) },
  }));
  const settings = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    scrape_configs: [{ job_name: 'authclusters', honor_labels: true, static_configs: targets }],
    rule_files: ['/manifests/rules.yaml'],
  };
  // YAML takes JSON.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(settings));
  return folder;
}

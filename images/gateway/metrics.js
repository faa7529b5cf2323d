/*
 * Metrics of the gateway in Prometheus' text format. Requests are counted in memory that nginx's workers share, by the
 * class of their route, never by what a client chose. nginx's own counters have the names that its exporter gives them.
 * Written in what njs knows of JavaScript, which is without destructuring.
 */
// biome-ignore lint/style/useNodejsImportProtocol: njs knows no other name.
import fs from 'fs';

const DURATION_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Classes, as nginx.conf has them in $route. */
const ROUTES = ['login', 'refresh', 'register', 'verify', 'other'];
/**
 * Shown from the start: of a series that begins with its first failures, Prometheus does not see that they were more than
 * before.
 */
const FAILURES = [500, 502, 503, 504];
/** Who leaves sooner has other reasons. Time-outs begin at 3 s, and run a little ahead of what is measured here. */
const PATIENCE_SECONDS = 2.5;

/**
 * For access_log's if=, which nginx asks at the end of a request: counts it, and has it logged. One counter for route, status
 * and duration together, and one for the sum of durations. Of checks that are alike it stands for $weight.
 */
function count(r) {
  const counters = ngx.shared.counters;
  const variables = r.variables;
  const route = variables.route;
  const seconds = Number(variables.request_time);
  const weight = Number(variables.weight);
  counters.incr(`request ${route} ${r.status} ${bucketOf(seconds)}`, weight, 0);
  counters.incr(`seconds ${route}`, seconds * weight, 0);
  if (r.status === 429 && variables.limit_req_status === 'REJECTED') counters.incr(`rejected ${route}`, 1, 0);
  const cached = variables.upstream_cache_status;
  if (cached) counters.incr(`cache ${cached.toLowerCase()}`, 1, 0);
  return '1';
}

function bucketOf(seconds) {
  let bucket = 0;
  while (bucket < DURATION_BUCKETS_SECONDS.length && seconds > DURATION_BUCKETS_SECONDS[bucket]) bucket += 1;
  return bucket;
}

async function show(r) {
  const stub = await r.subrequest('/stub_status');
  const lines = requestLines().concat(
    durationLines(),
    abandonedLines(),
    counterLines('rejected', 'gateway_rejected_requests_total', 'route', 'Requests beyond a limit.'),
    counterLines('cache', 'gateway_cache_requests_total', 'status', 'Requests for documents that are cached.'),
    nginxLines(r.variables, stub.responseText),
    certificateLines(),
  );
  r.headersOut['Content-Type'] = 'text/plain; version=0.0.4; charset=utf-8';
  r.return(200, `${lines.join('\n')}\n`);
}

/** The counters of one kind: their words after the kind, and their value. */
function counted(kind) {
  const counters = ngx.shared.counters;
  const keys = counters.keys().filter((key) => key.startsWith(`${kind} `));
  return keys.sort().map((key) => ({ words: key.split(' ').slice(1), value: counters.get(key) }));
}

function requestLines() {
  const name = 'gateway_requests_total';
  const totals = {};
  const add = (route, code, value) => {
    const series = `${name}{route="${route}",code="${code}"}`;
    totals[series] = (totals[series] || 0) + value;
  };
  ROUTES.forEach((route) => {
    FAILURES.forEach((code) => {
      add(route, code, 0);
    });
  });
  counted('request').forEach((each) => {
    add(each.words[0], each.words[1], each.value);
  });
  const lines = Object.keys(totals).map((series) => `${series} ${totals[series]}`);
  return heading(name, 'counter', 'Requests, by class of route and status of the answer.').concat(lines);
}

function durationLines() {
  const name = 'gateway_request_duration_seconds';
  return counted('seconds').reduce(
    (lines, each) => lines.concat(histogram(name, each.words[0], each.value)),
    heading(name, 'histogram', 'From the first byte of a request to the last of its answer.'),
  );
}

function histogram(name, route, sumOfSeconds) {
  const ofRoute = counted('request').filter((each) => each.words[0] === route);
  let total = 0;
  const buckets = DURATION_BUCKETS_SECONDS.concat('+Inf').map((limit, bucket) => {
    const inBucket = ofRoute.filter((each) => Number(each.words[2]) === bucket);
    total += inBucket.reduce((sum, each) => sum + each.value, 0);
    return `${name}_bucket{route="${route}",le="${limit}"} ${total}`;
  });
  return buckets.concat(`${name}_sum{route="${route}"} ${sumOfSeconds}`, `${name}_count{route="${route}"} ${total}`);
}

/** nginx' status of a request whose client left before it was answered is 499. */
function abandonedLines() {
  const name = 'gateway_abandoned_requests_total';
  const patience = bucketOf(PATIENCE_SECONDS);
  const abandoned = counted('request').filter((each) => each.words[1] === '499' && Number(each.words[2]) > patience);
  const lines = ROUTES.map((route) => {
    const ofRoute = abandoned.filter((each) => each.words[0] === route);
    return `${name}{route="${route}"} ${ofRoute.reduce((sum, each) => sum + each.value, 0)}`;
  });
  const help = `Requests whose client left after it had waited for more than ${PATIENCE_SECONDS} s.`;
  return heading(name, 'counter', help).concat(lines);
}

function counterLines(kind, name, label, help) {
  const lines = counted(kind).map((each) => `${name}{${label}="${each.words[0]}"} ${each.value}`);
  return heading(name, 'counter', help).concat(lines);
}

/** stub_status: "server accepts handled requests", and the three numbers on the next line. */
function nginxLines(variables, stubStatus) {
  const totals = stubStatus.match(/\n\s*(\d+)\s+(\d+)\s+(\d+)\s*\n/);
  const gauges = ['active', 'reading', 'writing', 'waiting'].reduce((lines, state) => {
    const name = `nginx_connections_${state}`;
    return lines.concat(single(name, 'gauge', `Connections: ${state}.`, variables[`connections_${state}`]));
  }, []);
  return gauges.concat(
    single('nginx_connections_accepted', 'counter', 'Connections that clients opened.', totals[1]),
    single('nginx_connections_handled', 'counter', 'Connections that found a place.', totals[2]),
    single('nginx_http_requests_total', 'counter', 'Requests, those of probes and scrapers included.', totals[3]),
  );
}

/** Where there is a certificate, and it is one that nginx can read. */
function certificateLines() {
  let expiry;
  try {
    expiry = expirySeconds(fs.readFileSync('/etc/nginx/tls/tls.crt', 'utf8'));
  } catch (_) {
    return [];
  }
  return single('gateway_certificate_expiry_timestamp_seconds', 'gauge', 'When the certificate expires.', expiry);
}

/** Of the first certificate of a PEM file: the end of its validity (RFC 5280, section 4.1), in seconds since 1970. */
function expirySeconds(pem) {
  const der = Buffer.from(pem.split('-----')[2].replace(/\s/g, ''), 'base64');
  let field = element(der, element(der, element(der, 0).content).content);
  // The version is there in all but the oldest ones.
  if (der[field.start] === 0xa0) field = element(der, field.end);
  // After the serial number, the algorithm and the issuer.
  for (let skipped = 0; skipped < 3; skipped += 1) field = element(der, field.end);
  const notAfter = element(der, element(der, field.content).end);
  let digits = der.toString('utf8', notAfter.content, notAfter.end);
  // UTCTime has two digits of the year: 1950 to 2049.
  if (der[notAfter.start] === 0x17) digits = (digits < '5' ? '20' : '19') + digits;
  const part = (from, to) => Number(digits.slice(from, to));
  return Date.UTC(part(0, 4), part(4, 6) - 1, part(6, 8), part(8, 10), part(10, 12), part(12, 14)) / 1000;
}

/** What begins at `start` in DER: where its content begins, and where it ends. */
function element(der, start) {
  const first = der[start + 1];
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  const content = start + 2 + lengthBytes;
  let length = lengthBytes === 0 ? first : 0;
  for (let at = start + 2; at < content; at += 1) length = length * 256 + der[at];
  return { start: start, content: content, end: content + length };
}

function single(name, type, help, value) {
  return heading(name, type, help).concat(`${name} ${value}`);
}

function heading(name, type, help) {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

export default { count, show };

import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';

/**
 * Has the calling thread of Linux run when the others of this process have nothing to do. Nice 19 is a small share of the
 * CPU, but since EEVDF (Linux 6.6) a thread that has begun its slice ends it whoever wakes up meanwhile; one of the policy
 * SCHED_IDLE is interrupted at once (sched(7)). Node.js knows no policies; without util-linux it stays with nice 19.
 */
export function takeLowestPriority(): void {
  // Elsewhere process 0 means the whole process, and not the calling thread.
  if (process.platform !== 'linux') return;
  setPriority(0, 19);
  const threadId = basename(readlinkSync('/proc/thread-self'));
  spawnSync('/usr/bin/chrt', ['--idle', '--pid', '0', threadId], { stdio: 'ignore' });
}

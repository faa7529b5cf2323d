import { expect, test } from '@jest/globals';
import { portOf } from '../testing/fakes.ts';
import { renewRecoveryCodes, type SecondFactorPorts, type SecondFactorStore } from './second-factor.ts';

test('a session that has not shown the second factor renews no recovery codes, even where one was confirmed just now', async () => {
  const replaced: string[] = [];
  const ports = portOf<SecondFactorPorts>({
    secondFactors: portOf<SecondFactorStore>({
      replaceRecoveryCodes: async (userId) => {
        replaced.push(userId);
        return true;
      },
    }),
    oneTimeCodes: portOf<SecondFactorPorts['oneTimeCodes']>({
      newRecoveryCode: () => 'code',
      hashRecoveryCode: (code) => Buffer.from(code),
    }),
  });
  expect(await renewRecoveryCodes({ userId: 'ada', hasSecondFactor: false }, ports)).toBeUndefined();
  expect(replaced).toEqual([]);
  expect(await renewRecoveryCodes({ userId: 'ada', hasSecondFactor: true }, ports)).toHaveLength(10);
});

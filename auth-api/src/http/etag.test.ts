import { describe, expect, test } from '@jest/globals';
import { entityTagsIn, etagOf, isMatch, versionsOf } from './etag.ts';

const tag = etagOf({ version: 7 }, { roles: ['reader'] });

test('a tag tells what its version does not count', () => {
  expect(etagOf({ version: 7 }, { roles: [] })).not.toBe(tag);
});

describe('If-Match', () => {
  test.each([
    ['the tag', tag],
    ['one of several', `"other", W/"weak",${tag}`],
    ['one behind a tag with a comma and an empty place', `"a,b", ,${tag} ,`],
    ['whatever there is', ' * '],
  ])('is met by %s', (_, header) => {
    const tags = entityTagsIn(header);
    expect(isMatch(tags, tag)).toBe(true);
    expect(['any', [7]]).toContainEqual(versionsOf(tags));
  });

  test.each([
    ['nothing', ''],
    ['a weak tag (strong comparison)', `W/${tag}`],
    ['a weak one of several', `"other", W/${tag}`],
    ['a tag without quotes', tag.replaceAll('"', '')],
    ['a version alone', '"7"'],
    ['a quoted star', '"*"'],
    ['a star in a list', `*, ${tag}`],
    ['more than tags', `${tag} or so`],
    ['a quote that stays open', `"other", ${tag.slice(0, -1)}`],
  ])('is not met by %s', (_, header) => {
    const tags = entityTagsIn(header);
    expect(isMatch(tags, tag)).toBe(false);
    expect(versionsOf(tags)).toEqual([]);
  });
});

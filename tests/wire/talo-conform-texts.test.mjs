// Texts that are hard to say, on the socket, in bodies and in queries (spec 1.5, 3.2, 3.5).

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Tcp } from './lib/raw.mjs';
import { useTalo } from './lib/talo.mjs';
import { CHANNELS, createChannel } from './lib/talo-calls.mjs';

const MESSAGE = 'v1.channels.message';
const SMILE = '\u{1f600}';

describe('Talo: texts that are hard to say (1.5, 3.2, 3.5)', () => {
  const talo = useTalo();
  const deep = (depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

  test('on the socket: nothing harms the next message', async () => {
    const ada = await talo.player('ada');
    const channel = await createChannel(ada);
    const socket = await ada.connect();
    const say = (data) => `{"req":"${MESSAGE}","data":${data}}`;
    const to = (message) => say(`{"channel":{"id":${channel.id}},"message":${message}}`);
    for (const [text, expected] of [
      [to('"\\u0000"'), '\u0000'], // is not stored
      [to('"\\ud83d\\ude00\\/\\u2028"'), `${SMILE}/\u2028`],
      [to('"\u2028\u007f"'), '\u2028\u007f'],
      [to('"\\ud800"'), 'ROUTING_ERROR'], // half a character, which UTF-8 cannot say
      [to('"\\ude00\\ud83d"'), 'ROUTING_ERROR'],
      [to('"a\u0000"'), 'ROUTING_ERROR'],
      [to('"a\tb"'), 'ROUTING_ERROR'],
      [to('"\\x41"'), 'ROUTING_ERROR'],
      [`\ufeff${to('"bom"')}`, 'ROUTING_ERROR'],
      [`${to('"two"')}${to('"two"')}`, 'ROUTING_ERROR'],
      [say(`{"a":${deep(5000)}}`), 'ROUTING_ERROR'],
      [say(`{"mess\\u0061ge":"named","channel":{"id":${channel.id}}}`), 'named'],
      [`{"\\u0072eq":"v1.channels.messag\\u0065","data":{"channel":{"id":${channel.id}},"message":"spelt"}}`, 'spelt'],
      [say(`{"channel":{"id":"x","id":${channel.id}},"message":5,"message":"last"}`), 'last'],
      [`{"req":"nope","req":"${MESSAGE}","data":5,"data":{"channel":{"id":${channel.id}},"message":"counts"}}`, 'counts'],
      [`{"req":"${MESSAGE}","req":"nope","data":{}}`, 'INVALID_MESSAGE'],
      [say(`{"channel":{"id":${channel.id}},"message":"last","message":5}`), 'INVALID_MESSAGE_DATA'],
      [say(`{"channel":[${channel.id}],"message":"x"}`), 'INVALID_MESSAGE_DATA'],
      [say(`{"channel":{"id":${channel.id}},"Message":"x"}`), 'INVALID_MESSAGE_DATA'],
    ]) {
      socket.sendText(text);
      const [answer, ...more] = await socket.rest();
      assert.deepEqual(more, []);
      assert.equal(answer.res === 'v1.error' ? answer.data.errorCode : answer.data.message, expected, text.slice(0, 100));
    }
    await socket.close();
  });

  test('the cause of bad data is compact JSON of it', async () => {
    const socket = await (await talo.player('ada')).connect();
    for (const [data, cause] of [
      ['{ "a" : [ 1.50 , -0.0, 1E2,1e21 , 1e-7,123456789012345680000 ] }', '{"a":[1.5,0,100,1e+21,1e-7,123456789012345680000]}'],
      ['{"a":"\\u0041\\/\\u00e4\\n\\u001f\\u2028"}', '{"a":"A/\u00e4\\n\\u001f\u2028"}'],
      ['{"a":{"b":{}, "c":[ ]},\r\n"d":null}', '{"a":{"b":{},"c":[]},"d":null}'],
      ['{"a":1e400}', '{"a":null}'],
    ]) {
      assert.ok(cause === JSON.stringify(JSON.parse(data)), `the test is wrong: ${data}`);
      socket.sendText(`{"req":"${MESSAGE}","data":${data}}`);
      await socket.expectError('INVALID_MESSAGE_DATA', { req: MESSAGE, cause });
    }
    await socket.close();
  });

  test('in bodies: 400 with one field `message`, or what the last of equal keys is', async () => {
    const ada = await talo.player('ada');
    const put = (body) => ada.api.put('/v1/players/presence', body);
    for (const body of [
      ...['{', '[', '"x"', '5', 'null', 'true', ' ', '{} {}', '{"online":true,}', "{'online':true}", '\ufeff{}', 'nonsense'],
      ...['{"customStatus":"\\ud800"}', '{"customStatus":"\\ude00\\ud83d"}', '{"a":NaN}', `{"a":${deep(5000)}}`, '{"a":"\t"}'],
      ...['{"a":"b', '{"a"', '{"a":1', '{1:2}', '[1,2', '{"a":tru}', '//x', '{}\0'],
    ]) {
      const answer = await put(body);
      assert.equal(answer.status, 400, body.slice(0, 40));
      assert.deepEqual(Object.keys(answer.body), ['message'], answer.text);
      assert.equal(typeof answer.body.message, 'string');
    }
    for (const body of ['[]', '[{"online":true}]', '[[[]]]']) {
      assert.deepEqual((await put(body)).body, { errors: { '': ['Invalid input: expected object, received array'] } });
    }
    const last = await put('{"online":5,"online":true,"customStatus":null,"customStatus":"l\\u00e4st","__proto__":{},"":1}');
    assert.deepEqual([last.status, last.body.presence?.customStatus], [200, 'l\u00e4st'], last.text);
    assert.deepEqual((await put('{"customStatus":"a\\u0000b"}')).body, {
      errors: { customStatus: ['Invalid input: U+0000 is not allowed'] },
    });
  });

  /** What is said in a query, byte for byte, is the identifier. */
  test('in queries: what clients leave unescaped is taken as it is', async () => {
    for (const [raw, identifier] of [
      ...['"', '<', '>', '\\', '^', '{', '|', '}', '`', '[', ']', "'", '~', '@', '/', '?', ';', ':', '!', '$', '*', '(', ')', ',']
        .map((one) => [`a${one}b`, `a${one}b`]),
      ...[['J\u00f6rg', 'J\u00f6rg'], [SMILE, SMILE], ['a+b', 'a b'], ['a%2Bb', 'a+b'], ['a%20b', 'a b'], ['a=b', 'a=b']],
      ...[['a%zz', 'a%zz'], ['a%', 'a%'], ['a%4', 'a%4'], ['%41', 'A'], ['%C3%a4', '\u00e4'], ['a%26b%3Dc', 'a&b=c']],
    ]) {
      const tcp = await Tcp.connect(talo.server);
      tcp.write(
        Buffer.from(
          `GET /v1/players/identify?service=username&identifier=${raw} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${talo.token()}\r\n\r\n`,
        ),
      );
      const { status, body } = await tcp.response();
      tcp.socket.destroy();
      const text = Buffer.from(body, 'latin1').toString();
      assert.equal(status, 200, `${raw}: ${text}`);
      assert.equal(JSON.parse(text).alias.identifier, identifier);
    }
  });

  test('a search takes its text as it is: nothing in it stands for something else', async () => {
    await talo.player('50%_off');
    for (const [query, count] of [['50%25_', 1], ['50%25x', 0], ['5_%25', 0], ['%25%25', 0], ["%25'", 0], ['%25\\', 0], ['50%25_OFF', 1]]) {
      const { body } = await talo.api().get(`/v1/players/search?query=${query}`);
      assert.equal(body.count, count, query);
      const list = await talo.api().get(`${CHANNELS}?search=${query}`);
      assert.equal(list.status, 200);
    }
  });
});

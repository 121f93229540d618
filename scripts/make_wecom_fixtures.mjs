// Makes the crypto fixtures of tests/channels/vectors with an implementation that is not ours: npm @wecom/crypto 1.0.1.
//
//   mkdir /tmp/fixtures && cd /tmp/fixtures && npm install @wecom/crypto@1.0.1
//   node CHECKOUT/scripts/make_wecom_fixtures.mjs read CHECKOUT/tests/channels/vectors/wecom-node.json
//   (cd CHECKOUT && python -m tests.channels.sealing) | node CHECKOUT/scripts/make_wecom_fixtures.mjs \
//       opened CHECKOUT/tests/channels/vectors/wecom-ours.json
//
// `read` writes callbacks that we must read. `opened` takes the envelopes that we sealed, opens each here, and writes
// them with what was found inside; it fails if a signature or a text is not what we meant.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.cwd(), 'from-here.js'));
const { decrypt, encrypt, getSignature } = require('@wecom/crypto');

const app = {
  token: 'tP5LdPkxVbB9eYqV2mZ3',
  aes_key: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
  receiver: 'ww1436e0e65a779aee',
};

function callback(name, plain, index) {
  const timestamp = String(1763690000 + index);
  const nonce = String(4711 * (index + 1));
  const encrypted = encrypt(app.aes_key, plain, app.receiver);
  return { name, plain, timestamp, nonce, encrypted, signature: getSignature(app.token, timestamp, nonce, encrypted) };
}

function text(content) {
  return (
    `<xml><ToUserName><![CDATA[${app.receiver}]]></ToUserName><FromUserName><![CDATA[lin]]></FromUserName>` +
    `<CreateTime>1763690000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[${content}]]></Content>` +
    '<MsgId>4561255354251345929</MsgId><AgentID>1000002</AgentID></xml>'
  );
}

function writeCallbacks(file) {
  const named = [
    ...Array.from({ length: 70 }, (_, length) => [`length ${length}`, 'x'.repeat(length)]),
    ['a family and flags', text('\u{1F468}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466} \u{1F1E8}\u{1F1F3} 好的')],
    ['right to left', text('\u202Eabc\u202C שלום')],
    ['NUL', text('a\u0000b')],
    ['a newline at the end', text('桃李不言\n') + '\n'],
    ['20 KB of ASCII', text('y'.repeat(20480))],
    ['21 KB of 汉 and emoji', text('汉\u{1F600}'.repeat(3000))],
  ];
  const callbacks = named.map(([name, plain], index) => callback(name, plain, index));
  writeFileSync(file, `${JSON.stringify({ made_with: '@wecom/crypto 1.0.1', app, callbacks }, null, 1)}\n`);
}

function openOurs(file) {
  const ours = JSON.parse(readFileSync(0, 'utf8'));
  const replies = ours.replies.map((reply) => {
    const [, encrypted] = reply.sealed.match(/<Encrypt><!\[CDATA\[(.*?)\]\]><\/Encrypt>/);
    const [, signature] = reply.sealed.match(/<MsgSignature><!\[CDATA\[(.*?)\]\]><\/MsgSignature>/);
    const { message, id } = decrypt(ours.app.aes_key, encrypted);
    const signed = getSignature(ours.app.token, reply.timestamp, reply.nonce, encrypted);
    if (message !== reply.plain || id !== ours.app.receiver || signature !== signed) {
      throw new Error(`not opened as meant: ${JSON.stringify(reply.plain.slice(0, 80))}`);
    }
    return { ...reply, opened: message, receiver: id };
  });
  writeFileSync(file, `${JSON.stringify({ opened_with: '@wecom/crypto 1.0.1', app: ours.app, replies }, null, 1)}\n`);
}

const [, , what, file] = process.argv;
if (what === 'read') writeCallbacks(file);
else if (what === 'opened') openOurs(file);
else throw new Error('say `read FILE` or `opened FILE`');

// An SMTP server that we did not write, npm's smtp-server, whose mails are read by npm's postal-mime.

import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

const WAIT_MS = 20000;

/** An SMTP server on a free port that keeps its mails: {session, envelope, raw}. */
export class PostOffice {
  static async open(options = {}) {
    const office = new PostOffice();
    office.mails = [];
    office.server = new SMTPServer({
      authOptional: true,
      disableReverseLookup: true,
      logger: false,
      onData(stream, session, callback) {
        const chunks = [];
        stream.on('data', (chunk) => chunks.push(chunk));
        stream.on('end', () => {
          const { secure, user, envelope } = session;
          office.mails.push({
            secure,
            user,
            from: envelope.mailFrom.address,
            to: envelope.rcptTo.map((one) => one.address),
            raw: Buffer.concat(chunks),
          });
          office.wake?.();
          callback();
        });
      },
      ...options,
    });
    office.server.on('error', () => {}); // clients that break off
    await new Promise((resolve) => {
      office.server.listen(0, '127.0.0.1', resolve);
    });
    office.port = office.server.server.address().port;
    return office;
  }

  /** Mail number `count`, from 1, and what is in it. */
  async mail(count = 1) {
    let timer;
    const late = new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`waited in vain for mail ${count}`)), WAIT_MS);
    });
    try {
      while (this.mails.length < count) {
        const next = new Promise((resolve) => {
          this.wake = resolve;
        });
        await Promise.race([next, late]);
      }
    } finally {
      clearTimeout(timer);
    }
    const mail = this.mails[count - 1];
    return { ...mail, ...{ parsed: await PostalMime.parse(mail.raw) } };
  }

  close() {
    return new Promise((resolve) => {
      this.server.close(resolve);
    });
  }
}

export const urlOf = (office, scheme = 'smtp') => `${scheme}://127.0.0.1:${office.port}`;

// parley-client.js is a small Socket.IO client; socket.io-client from npm would do as well.
import { Socket } from './parley-client.js';

const find = (id) => document.getElementById(id);
const socket = new Socket();

socket.on('state', (state) => {
  find('state').textContent = state;
});

socket.on('said', ({ from, text }) => {
  const line = document.createElement('li');
  const name = document.createElement('b');
  name.textContent = from.slice(0, 4);
  line.append(name, ` ${text}`);
  find('said').append(line);
  line.scrollIntoView();
});

find('say').addEventListener('submit', async (event) => {
  event.preventDefault();
  find('problem').textContent = '';
  try {
    await socket.request('say', { text: find('text').value });
    find('text').value = '';
  } catch (error) {
    find('problem').textContent = error.message;
  }
});

socket.connect();

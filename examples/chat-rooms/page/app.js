// The page: a name, then rooms. What the server knows is kept in `model`; each part of the page has one function that
// draws it from there.

import { Socket } from './parley-client.js';

const NAME_MAX = 24; // code points, as the server counts
const TEXT_MAX = 2000; // bytes of UTF-8
const TYPING_REST_MS = 2500; // without a key: not typing any more
const TYPING_LIMIT_MS = 6000; // without news: not typing any more
const NEAR_END_PX = 80;
const SAME_GROUP_MS = 5 * 60 * 1000;
const FIRST_ROOM = 'General';

const $ = (id) => document.getElementById(id);
const socket = new Socket();
const model = {
  id: '',
  name: '',
  room: roomOfAddress(),
  rooms: [], // {name, members, last}
  seen: new Map(), // room name -> number of the newest message seen there
  members: new Map(), // id -> name
  typing: new Map(), // id -> {name, timer}
  lastMessage: null,
  unreadWhileHidden: 0,
};

// --- small things --------------------------------------------------------------------------------------------

function roomOfAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || FIRST_ROOM;
  } catch {
    return FIRST_ROOM;
  }
}

function element(tag, className, ...children) {
  const node = document.createElement(tag);
  node.className = className;
  node.append(...children);
  return node;
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // private windows may refuse; then it is asked for next time
  }
}

function recall(key) {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

function hueOf(name) {
  let hash = 0x811c9dc5; // FNV-1a
  for (const char of name) {
    hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193) >>> 0;
  }
  return hash % 360;
}

function paintAvatar(node, name) {
  const words = name.split(/\s+/).filter(Boolean);
  const letters = words.slice(0, 2).map((word) => [...word][0]);
  node.textContent = letters.join('').toUpperCase();
  node.style.setProperty('--hue', hueOf(name));
  return node;
}

function avatar(name) {
  const node = paintAvatar(element('span', 'avatar'), name);
  node.setAttribute('aria-hidden', 'true');
  return node;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const calendar = new Intl.DateTimeFormat(undefined, {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
});

/** Text with its web addresses as links. */
function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"]+)/).map((part, index) => {
    if (index % 2 === 0) {
      return part;
    }
    const link = element('a', '', part);
    link.href = part;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
    return link;
  });
}

// --- messages ------------------------------------------------------------------------------------------------

const isAtEnd = () => {
  const { scrollHeight, scrollTop, clientHeight } = $('scroller');
  return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
};

function scrollToEnd() {
  $('scroller').scrollTop = $('scroller').scrollHeight;
  $('to-newest').hidden = true;
}

function clearMessages() {
  $('messages').replaceChildren();
  $('to-newest').hidden = true;
  model.lastMessage = null;
}

function drawEmpty() {
  const node = element('li', 'empty', `Nothing has been said in ${model.room} yet.`);
  $('messages').replaceChildren(node);
}

function drawDay(date) {
  const isToday = date.toDateString() === new Date().toDateString();
  $('messages').append(element('li', 'day', isToday ? 'Today' : calendar.format(date)));
}

/** One message at the end of the list; its head is left out when it goes on from the last one. */
function drawMessage(message) {
  const date = new Date(message.date);
  const last = model.lastMessage;
  const isOwn = message.user === model.name;
  if (last === null) {
    $('messages').replaceChildren();
  }
  if (last === null || last.at.toDateString() !== date.toDateString()) {
    drawDay(date);
  }
  const goesOn = last !== null && last.user === message.user && date - last.at < SAME_GROUP_MS;
  const text = element('p', 'text', ...linked(message.text));
  text.dataset.test = 'text';
  const time = element('time', '', clock.format(date));
  time.dateTime = message.date;
  time.title = date.toLocaleString();
  const head = element('div', 'head', element('span', 'author', message.user), time);
  const body = element('div', 'body', head, text);
  const item = element('li', 'message', avatar(message.user), body);
  item.classList.toggle('own', isOwn);
  item.classList.toggle('goes-on', goesOn);
  $('messages').append(item);
  model.lastMessage = { user: message.user, at: date, id: message.id };
}

function drawHistory(messages) {
  clearMessages();
  messages.forEach(drawMessage);
  if (messages.length === 0) {
    drawEmpty();
  }
  scrollToEnd();
}

function onMessage(message) {
  if (message.room !== model.room) {
    return;
  }
  const follow = isAtEnd() || message.user === model.name;
  drawMessage(message);
  model.seen.set(message.room, message.id);
  if (follow) {
    scrollToEnd();
  } else {
    $('to-newest').hidden = false;
  }
  if (document.hidden) {
    model.unreadWhileHidden++;
    drawTitle();
  }
}

function drawTitle() {
  const count = model.unreadWhileHidden > 0 ? `(${model.unreadWhileHidden}) ` : '';
  document.title = model.name === '' ? 'Parley' : `${count}${model.room} · Parley`;
}

// --- rooms ---------------------------------------------------------------------------------------------------

const isUnread = ({ name, last }) => name !== model.room && last > (model.seen.get(name) ?? 0);

function roomButton(room) {
  const name = element('span', 'room-title', room.name);
  const button = element('button', 'row', element('span', 'hash', '#'), name);
  button.type = 'button';
  button.dataset.test = 'room';
  button.dataset.room = room.name;
  button.firstChild.setAttribute('aria-hidden', 'true');
  button.addEventListener('click', () => enter(room.name));
  if (room.name === model.room) {
    button.setAttribute('aria-current', 'page');
  }
  if (isUnread(room)) {
    const dot = element('span', 'dot');
    dot.setAttribute('role', 'img');
    dot.setAttribute('aria-label', 'unread');
    button.classList.add('unread');
    button.append(dot);
  }
  if (room.members > 0) {
    const count = element('span', 'count', String(room.members));
    count.title = room.members === 1 ? '1 person is here' : `${room.members} people are here`;
    button.append(count);
  }
  return button;
}

function drawRooms() {
  const focused = document.activeElement.dataset.room;
  const items = model.rooms.map((room) => element('li', '', roomButton(room)));
  $('rooms').replaceChildren(...items);
  if (focused !== undefined) {
    items.find(({ firstChild }) => firstChild.dataset.room === focused)?.firstChild.focus();
  }
  $('show-rooms').querySelector('.dot').hidden = !model.rooms.some(isUnread);
}

function onRoomList(rooms) {
  model.rooms = rooms;
  drawRooms();
}

/** Show a room at once, empty, and fill it when the server answers. */
async function enter(name) {
  closePanels();
  if (name !== model.room) {
    stopTyping();
    model.room = name;
    showRoom();
    clearMessages();
    drawMembers(new Map());
  }
  if (matchMedia('(pointer: fine)').matches) {
    $('message').focus({ preventScroll: true }); // on a phone the keyboard would cover the room
  }
  try {
    const answer = await socket.request('room:enter', { room: name });
    if (model.room === name) {
      onEntered(answer);
    }
  } catch (error) {
    showError(error.message);
  }
}

function onEntered({ room, members, messages }) {
  model.room = room;
  model.seen.set(room, messages.at(-1)?.id ?? 0);
  clearTyping();
  showRoom();
  drawMembers(new Map(members.map(({ id, name }) => [id, name])));
  drawHistory(messages);
}

function showRoom() {
  $('room-name').textContent = model.room;
  $('message').placeholder = `Message ${model.room}`;
  const hash = `#${encodeURIComponent(model.room)}`;
  if (location.hash !== hash) {
    history.replaceState(null, '', hash);
  }
  showError('');
  drawTitle();
  drawRooms();
}

function stepRoom(by) {
  const index = model.rooms.findIndex(({ name }) => name === model.room);
  const next = model.rooms[(index + by + model.rooms.length) % model.rooms.length];
  if (next !== undefined) {
    enter(next.name);
  }
}

// --- members -------------------------------------------------------------------------------------------------

function drawMembers(members) {
  model.members = members;
  const items = [...members].map(([id, name]) => {
    const item = element('li', 'row', avatar(name), element('span', 'member-name', name));
    if (id === model.id) {
      item.append(element('span', 'count', 'you'));
    }
    return item;
  });
  $('members').replaceChildren(...items);
  $('member-count').textContent = String(members.size);
}

function onJoined({ room, id, name }) {
  if (room === model.room) {
    drawMembers(model.members.set(id, name));
  }
}

function onLeft({ room, id }) {
  if (room === model.room) {
    model.members.delete(id);
    drawMembers(model.members);
    onTyping({ room, id, typing: false });
  }
}

// --- typing --------------------------------------------------------------------------------------------------

function drawTyping() {
  const names = [...model.typing.values()].map(({ name }) => name);
  if (names.length === 0) {
    $('typing').replaceChildren();
    return;
  }
  const who = names.length > 2 ? `${names.length} people` : names.join(' and ');
  const dots = element('span', 'dots', element('i', ''), element('i', ''), element('i', ''));
  dots.setAttribute('aria-hidden', 'true');
  $('typing').replaceChildren(dots, `${who} ${names.length === 1 ? 'is' : 'are'} typing`);
}

function onTyping({ room, id, name, typing }) {
  if (room !== model.room) {
    return;
  }
  clearTimeout(model.typing.get(id)?.timer);
  model.typing.delete(id);
  if (typing) {
    const timer = setTimeout(() => onTyping({ room, id, typing: false }), TYPING_LIMIT_MS);
    model.typing.set(id, { name, timer });
  }
  drawTyping();
}

function clearTyping() {
  for (const { timer } of model.typing.values()) {
    clearTimeout(timer);
  }
  model.typing.clear();
  drawTyping();
}

let typingTimer = 0;

function tellTyping(typing) {
  socket.request('room:typing', { typing }).catch(() => {}); // only a courtesy
}

function startTyping() {
  if (typingTimer === 0) {
    tellTyping(true);
  }
  clearTimeout(typingTimer);
  typingTimer = setTimeout(stopTyping, TYPING_REST_MS);
}

function stopTyping() {
  if (typingTimer !== 0) {
    clearTimeout(typingTimer);
    typingTimer = 0;
    tellTyping(false);
  }
}

// --- saying --------------------------------------------------------------------------------------------------

function showError(text) {
  $('send-error').textContent = text;
}

function fitComposer() {
  const box = $('message');
  box.style.height = 'auto';
  box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
}

async function say() {
  const box = $('message');
  const text = box.value.trim();
  if (text === '') {
    return;
  }
  const size = new TextEncoder().encode(text).length;
  if (size > TEXT_MAX) {
    showError(`This is ${size - TEXT_MAX} bytes too long.`);
    return;
  }
  box.value = '';
  fitComposer();
  showError('');
  stopTyping();
  try {
    await socket.request('room:say', { text });
  } catch (error) {
    box.value = box.value === '' ? text : `${text}\n${box.value}`; // nothing typed is lost
    fitComposer();
    showError(error.message);
  }
}

// --- connecting ----------------------------------------------------------------------------------------------

const STATES = {
  connecting: 'Connecting…',
  connected: 'Connected',
  lost: 'Reconnecting…',
};

/** On every connection, also after a loss: say who we are and go back to where we were. */
async function introduce() {
  try {
    const { id, name, rooms } = await socket.request('room:hello', { name: model.name });
    const isFirst = model.id === '';
    model.id = id;
    model.name = name;
    if (isFirst) {
      rooms.forEach((room) => model.seen.set(room.name, room.last));
      remember('parley.name', name);
      showChat();
    }
    onRoomList(rooms);
    await enter(model.room);
  } catch (error) {
    if (model.id === '') {
      showNameError(error.message);
    } else {
      showError(error.message);
    }
  }
}

function onState(state) {
  $('state').textContent = STATES[state];
  $('state').dataset.state = state;
  if (state === 'connected') {
    introduce();
    return;
  }
  clearTyping();
  clearTimeout(typingTimer);
  typingTimer = 0;
  if (model.id === '' && state === 'lost') {
    showNameError('The server cannot be reached just now. Trying again…');
  }
}

// --- the first page ------------------------------------------------------------------------------------------

function showNameError(text) {
  $('name-error').textContent = text;
  $('name').setAttribute('aria-invalid', String(text !== ''));
}

function join(event) {
  event.preventDefault();
  const name = $('name').value.trim();
  if (name === '') {
    showNameError('Please choose a name.');
    $('name').focus();
    return;
  }
  if ([...name].length > NAME_MAX) {
    showNameError(`A name has at most ${NAME_MAX} characters.`);
    $('name').focus();
    return;
  }
  showNameError('');
  model.name = name;
  if (socket.state === 'connected') {
    introduce();
  } else if (!hasStarted) {
    hasStarted = true;
    socket.connect();
  }
}

let hasStarted = false;

function showChat() {
  $('welcome').hidden = true;
  $('chat').hidden = false;
  $('me-name').textContent = model.name;
  paintAvatar($('me-avatar'), model.name);
  fitComposer();
}

// --- panels on narrow windows --------------------------------------------------------------------------------

const PANELS = { 'show-rooms': 'rooms-panel', 'show-members': 'members-panel' };

function closePanels() {
  for (const [button, panel] of Object.entries(PANELS)) {
    $(panel).classList.remove('open');
    $(button).setAttribute('aria-expanded', 'false');
  }
  $('shade').hidden = true;
}

function openPanel(button) {
  closePanels();
  $(PANELS[button]).classList.add('open');
  $(button).setAttribute('aria-expanded', 'true');
  $('shade').hidden = false;
  $(PANELS[button]).querySelector('[aria-current], button')?.focus();
}

// --- start ---------------------------------------------------------------------------------------------------

function listen() {
  socket.on('state', onState);
  socket.on('room:list', onRoomList);
  socket.on('room:message', onMessage);
  socket.on('room:joined', onJoined);
  socket.on('room:left', onLeft);
  socket.on('room:typing', onTyping);

  $('welcome-form').addEventListener('submit', join);
  $('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    say();
  });
  $('message').addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      say();
    }
  });
  $('message').addEventListener('input', () => {
    fitComposer();
    showError('');
    if ($('message').value === '') {
      stopTyping();
    } else {
      startTyping();
    }
  });
  $('new-room').addEventListener('submit', (event) => {
    event.preventDefault();
    const name = $('new-room-name').value.trim();
    if (name !== '') {
      $('new-room-name').value = '';
      enter(name);
    }
  });
  $('to-newest').addEventListener('click', scrollToEnd);
  $('scroller').addEventListener('scroll', () => {
    if (isAtEnd()) {
      $('to-newest').hidden = true;
    }
  });
  for (const button of Object.keys(PANELS)) {
    $(button).addEventListener('click', () => openPanel(button));
  }
  $('shade').addEventListener('click', closePanels);
  document.querySelectorAll('[data-close]').forEach((button) => {
    button.addEventListener('click', closePanels);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      closePanels();
    } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault();
      stepRoom(event.key === 'ArrowUp' ? -1 : 1);
    }
  });
  window.addEventListener('hashchange', () => {
    if (model.id !== '' && roomOfAddress() !== model.room) {
      enter(roomOfAddress());
    }
  });
  window.addEventListener('resize', () => model.lastMessage && isAtEnd() && scrollToEnd());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) {
      model.unreadWhileHidden = 0;
      drawTitle();
    }
  });
}

listen();
$('name').value = recall('parley.name');
$('name').focus();

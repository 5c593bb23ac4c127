'use strict';
(() => {
  const root = document.documentElement;
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add('js');

  // --- light and dark: as the system says until somebody says otherwise; nothing is stored ------------------------------------------
  const theme = one('#theme'), prefers = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (root.dataset.theme || (prefers.matches ? 'dark' : 'light')) === 'dark';
  const told = () => { theme.textContent = isDark() ? 'Light' : 'Dark'; theme.setAttribute('aria-pressed', String(isDark())); };
  theme.addEventListener('click', () => { root.dataset.theme = isDark() ? 'light' : 'dark'; told(); });
  prefers.addEventListener('change', told);
  told();

  // --- one environment of the heat map at a time ------------------------------------------------------------------------------------
  const heats = all('.heat'), radios = all('input[name=heat]');
  const chosen = () => (radios.find(radio => radio.checked) || {}).value;
  const choose = () => heats.forEach(heat => { heat.dataset.off = radios.length && heat.id !== chosen() ? '1' : ''; heat.hidden = heat.dataset.off === '1'; });
  radios.forEach(radio => radio.addEventListener('change', () => { choose(); search(); }));
  choose();

  // --- the heat map by arrows: one stop for Tab, Enter opens ------------------------------------------------------------------------
  const dialog = one('#drill'), body = one('#drill-body');
  const seen = element => element && element.getClientRects().length > 0;
  for (const grid of all('.grid')) {
    const links = all('tbody a', grid);
    links.forEach((link, index) => { link.tabIndex = index ? -1 : 0; });
    const go = link => {
      if (!link) return;
      links.forEach(each => { each.tabIndex = -1; });
      link.tabIndex = 0;
      link.focus();
    };
    const rows = () => all('tbody tr', grid).filter(seen);
    const along = (cell, name) => { let next = cell[name]; while (next && !(seen(one('a', next)))) next = next[name]; return next && one('a', next); };
    const across = (cell, step) => {
      const lines = rows(), column = cell.cellIndex;
      for (let at = lines.indexOf(cell.parentElement) + step; lines[at]; at += step) {
        const link = one('a', lines[at].cells[column]);
        if (seen(link)) return link;
      }
      return null;
    };
    grid.addEventListener('keydown', event => {
      const cell = event.target.closest('td');
      if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
      const inRow = all('a', cell.parentElement).filter(seen);
      const moves = {
        ArrowRight: () => along(cell, 'nextElementSibling'), ArrowLeft: () => along(cell, 'previousElementSibling'),
        ArrowDown: () => across(cell, 1), ArrowUp: () => across(cell, -1), Home: () => inRow[0], End: () => inRow[inRow.length - 1],
      };
      if (event.key in moves) { event.preventDefault(); go(moves[event.key]()); }
      else if (event.key === ' ') { event.preventDefault(); event.target.click(); }
    });
    grid.addEventListener('click', event => {
      const link = event.target.closest('tbody a');
      if (!link || !link.hasAttribute('href')) return;
      event.preventDefault();
      go(link);
      open(link, grid);
    });
  }
    const open = (link, grid) => {
    const cell = link.closest('td'), line = cell.parentElement;
    const numbers = link.dataset.w ? link.dataset.w.split(' ') : [link.getAttribute('href').slice(2)];
    const column = one('thead', grid).rows[1].cells[cell.cellIndex];
    const title = one('#drill-title'), note = document.createElement('small');
    title.textContent = `${line.cells[0].textContent.trim()} → ${column.title}`;
    note.textContent = link.title;
    title.append(note);
    body.replaceChildren(...numbers.map(number => {
      const copy = document.getElementById('w' + number).cloneNode(true);
      copy.removeAttribute('id');
      return copy;
    }));
    dialog.showModal();
    dialog.scrollTop = 0;
    one('#drill-close').focus();
  };
  one('#drill-close').addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', event => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener('close', () => { body.replaceChildren(); });

  // --- search and filters -----------------------------------------------------------------------------------------------------------
  const box = one('#q'), count = one('#told'), sections = all('section.part');
  const words = new Map();
  const textOf = element => {
    let found = words.get(element);
    if (found === undefined) {
      const group = element.closest('.group');
      const heads = group ? all(':scope > .head', group).map(head => head.textContent) : [];
      found = [element.textContent, ...heads].join(' ').toLowerCase();
      words.set(element, found);
    }
    return found;
  };
  const filters = one('.filters');
  const wanted = () => filters ? [...new FormData(filters)].filter(([, value]) => value) : [];
  const opened = new Set();
  const grids = (heat, asked) => {
    let found = 0;
    for (const grid of all('.grid', heat)) {
      const heads = [...one('thead', grid).rows[1].cells];
      const fits = text => asked.every(word => text.toLowerCase().includes(word));
      // A word may name a column of the table: then only cells count that are about it. `sales.customers.email` is one word.
      const needed = heads.map((head, at) => {
        const title = head.title.toLowerCase(), rest = asked.filter(word => !title.includes(word));
        if (at === 0 || !asked.length) return null;
        if (!rest.length) return -1n;
        return (head.dataset.columns || '').split('\n').reduce((bits, name, place) =>
          name && rest.every(word => `${title}.${name.toLowerCase()}`.includes(word)) ? bits | (1n << BigInt(place)) : bits, 0n);
      });
      const columns = needed.map(bits => bits !== null && bits !== 0n);
      const reaches = (cell, bits) => { const link = one('a', cell); return link && (bits === -1n || !link.dataset.c || (BigInt('0x' + link.dataset.c) & bits) !== 0n); };
      const byColumn = columns.some(Boolean);
      const lines = all('tbody tr', grid);
      const byRow = asked.length > 0 && lines.some(line => fits(line.cells[0].textContent));
      for (const line of lines) {
        const show = !asked.length || (byRow ? fits(line.cells[0].textContent) : byColumn && columns.some((is, at) => is && reaches(line.cells[at], needed[at])));
        line.hidden = !show;
        if (show) found += 1;
      }
      heads.forEach((head, at) => head.classList.toggle('hit', columns[at]));
      const links = all('tbody a', grid), stop = links.find(link => link.tabIndex === 0);
      if (stop && stop.closest('tr').hidden) {
        const first = links.find(link => !link.closest('tr').hidden);
        if (first) { stop.tabIndex = -1; first.tabIndex = 0; }
      }
    }
    return found;
  };
  // `sales.customers.email` also finds what tells of a column `email` of `sales.customers` in other words.
  const says = (text, word) => {
    const parts = /^(.+\..+)\.([^.]+)$/.exec(word);
    return text.includes(word) || Boolean(parts) && text.includes(parts[1]) && text.includes(parts[2]);
  };
  const search = () => {
    const asked = box.value.toLowerCase().split(/\s+/).filter(Boolean), limits = wanted();
    opened.forEach(each => { each.open = false; });
    opened.clear();
    let sum = 0;
    for (const section of sections) {
      let found = 0;
      const filtered = section.contains(filters) ? limits : [];
      const busy = asked.length > 0 || filtered.length > 0;
      for (const item of all('.item', section)) {
        const fits = asked.every(word => says(textOf(item), word)) && filtered.every(([name, value]) => item.dataset[name] === value);
        item.hidden = !fits;
        if (fits) found += 1;
      }
      for (const heat of all('.heat', section)) {
        const rows = grids(heat, asked);
        if (heat.dataset.off !== '1') found += rows;
      }
      for (const group of all('.group:not(.heat)', section)) {
        const items = all('.item', group);
        if (items.length) group.hidden = busy && items.every(item => item.hidden);
        else if (!section.contains(filters)) group.hidden = false;
      }
      for (const tile of all('.tile', section)) tile.classList.toggle('dim', asked.length > 0 && !asked.every(word => tile.textContent.toLowerCase().includes(word)));
      if (busy && asked.join('').length > 1) {
        for (const fold of all('details', section)) {
          const inside = fold.matches('.item') ? !fold.hidden && found <= 12 : !fold.closest('.item') && all('.item, .row', fold).some(item => !item.hidden);
          if (inside && !fold.open) { fold.open = true; opened.add(fold); }
        }
      }
      one('.found', section).textContent = busy ? `${found.toLocaleString('en')} found` : '';
      one('.no-match', section).hidden = !(busy && found === 0 && one('.item, .row', section));
      sum += found;
    }
    count.textContent = asked.length ? `${sum.toLocaleString('en')} found` : '';
  };
  let timer = 0;
  box.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(search, sections.length && all('.item').length > 2000 ? 150 : 0); });
  one('#search').addEventListener('submit', event => { event.preventDefault(); search(); });
  if (filters) {
    filters.addEventListener('input', search);
    filters.addEventListener('submit', event => event.preventDefault());
    filters.addEventListener('reset', () => setTimeout(search, 0));
  }
  document.addEventListener('keydown', event => {
    const typing = event.target.matches('input:not([type=radio]), select, textarea');
    if (event.key === '/' && !typing && !dialog.open && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      box.focus();
      box.select();
    } else if (event.key === 'Escape' && !dialog.open && (event.target === box || box.value)) {
      event.preventDefault();
      box.value = '';
      search();
    }
  });

  // --- from a stack to what was found in it -----------------------------------------------------------------------------------------
  const reveal = target => { for (let each = target; each; each = each.parentElement) if (each.tagName === 'DETAILS') each.open = true; };
  document.addEventListener('click', event => {
    const link = event.target.closest('a[data-stack]');
    if (!link || event.ctrlKey || event.metaKey) return;
    const option = filters && [...filters.elements.stack.options].find(each => each.value === link.dataset.stack);
    if (!link.dataset.stack || !option) return;
    event.preventDefault();
    filters.reset();
    box.value = '';
    filters.elements.stack.value = option.value;
    setTimeout(() => {
      filters.elements.stack.value = option.value;
      search();
      const heading = one('#findings-h');
      heading.focus({ preventScroll: true });
      heading.scrollIntoView();
    }, 0);
  });
  const follow = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    reveal(target);
    const stop = target.matches('section') ? one('h2', target) : target;
    stop.focus({ preventScroll: true });
    target.scrollIntoView();
  };
  addEventListener('hashchange', follow);
  follow();

  // --- where one is -----------------------------------------------------------------------------------------------------------------
  const links = new Map(all('nav a').map(link => [link.getAttribute('href').slice(1), link]));
  const mark = () => {
    let current = null;
    for (const section of sections) if (section.id && section.getBoundingClientRect().top < innerHeight / 3) current = section.id;
    links.forEach((link, id) => { if (id === current) link.setAttribute('aria-current', 'true'); else link.removeAttribute('aria-current'); });
  };
  addEventListener('scroll', mark, { passive: true });
  mark();
})();

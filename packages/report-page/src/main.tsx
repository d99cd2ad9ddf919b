import { render } from 'preact';
import { App } from './app.tsx';
import { start } from './data/store.ts';
import './style.css';

const root = document.getElementById('app')!;
root.textContent = '';
render(<App />, root);
start();

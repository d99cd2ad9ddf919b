import theme from 'vitepress/theme';
import { h } from 'vue';
import loop from '../../images/loop.svg';
import './style.css';

/** The start page shows the loop of the search beside its headline. */
const Layout = () =>
  h(theme.Layout, null, {
    'home-hero-image': () =>
      h('img', {
        class: 'image-src',
        src: loop,
        alt: 'Select a parent, run it, reflect, test the child, reject it unless it is better, validate it',
      }),
  });

export default { extends: theme, Layout };

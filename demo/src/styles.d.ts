/** Styles are imported for the bundler's sake: it collects them in main.css. */
declare module '*.css'

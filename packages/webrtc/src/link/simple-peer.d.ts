/**
 * The browser build of simple-peer, which needs no polyfills, and only what is used of it. (`@types/simple-peer`
 * describes the other entry and pulls in all of Node's types.)
 */
declare module 'simple-peer/simplepeer.min.js' {
  const SimplePeer: import('./peer-channel.js').SimplePeerClass
  export default SimplePeer
}

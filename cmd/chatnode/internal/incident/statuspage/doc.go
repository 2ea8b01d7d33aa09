// Package statuspage serves the public status page: how the cluster is, and what
// became of the last incidents.
//
// [Page] is an http.Handler of GET /status (HTML), GET /status.json and GET
// /incidents/{id}.json. Both views are rendered from one incident.View, which holds
// our own words and numbers only: no name, and no value of a registry.
//
// Guarantees:
//   - The page needs no script and loads nothing: its policy forbids both. It reads
//     well in light and dark, and no colour says anything that no word says.
//   - However many ask, it is rendered once a second at most, and served from memory.
//     One render is under way at a time; others are given the last one.
//   - It only reads: whoever asks changes nothing.
//
// All methods may be called from any goroutine. How many connections there are is a
// matter of the listener.
package statuspage

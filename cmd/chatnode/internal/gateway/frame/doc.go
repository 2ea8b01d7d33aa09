// Package frame encodes dispatches for sockets: a dispatch once for all sessions, compressed once for all that want it
// compressed, and never a compressor for a session.
//
// What differs between sessions is the sequence number, a few bytes at the front. A zlib stream may consist of blocks that
// were compressed apart, as long as none refers back beyond its own beginning and each ends on a byte. So a [Shared] body is
// compressed from an empty window and ended by a sync flush (00 00 ff ff), and [Encoder] puts before it what the session
// needs: the two bytes of a zlib header where a stream begins, and the sequence number in a stored block.
//
//	compress=zlib-stream    | 78 9c, once | stored: {"s":7, | shared, flushed | next message: stored: {"s":8, | ...
//	compress of Identify    | 78 9c       | stored: {"s":7, | shared, flushed | last block | Adler-32, combined of the parts |
//	neither                               |         {"s":7, | shared text     |
//
// To a client these are ordinary streams. The price is that messages do not help to compress each other: a short chat message
// of 500 bytes takes about 330, where one window for the whole stream would take about 80.
//
// A Shared may be used from any goroutine, an Encoder from one at a time.
package frame

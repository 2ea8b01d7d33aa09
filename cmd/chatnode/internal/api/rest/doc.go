// Package rest is what client libraries call on an API node besides the gateway:
// Discord's REST calls for gateways, users, guilds, channels, members and
// messages, in versions 9 and 10. docs/PROTOCOL.md lists them.
//
// A [Server] keeps nothing but the windows of its rate limits: every call is one
// or two calls of the store, which checks what the user may do in the transaction
// that does it. Validation is plain functions from bytes to values or faults.
//
// Guarantees:
//   - A write is answered with success once the store has it on its disk. Status
//     504 says that it may be there or not.
//   - There is a number of workers; a call that finds none free is refused at once
//     with 503 and Retry-After, before anything of it is read.
//   - Every body, list, header and time is bounded; a handler's panic costs its call.
//   - Errors have Discord's shape: code, message, and errors for what is wrong in
//     a form.
//   - What was committed is told to [Config.Told], if there is one, before the
//     client is answered.
package rest

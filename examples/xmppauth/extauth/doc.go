// Package extauth answers XMPP servers that ask a program who may log in, in the
// protocol of ejabberd's external authentication, which others speak as well,
// or in Prosody's, which is made of lines.
//
// # Questions
//
// A question is "auth:USER:DOMAIN:PASSWORD", with whatever colons in the
// password, or "isuser:USER:DOMAIN". All others are refused: setpass,
// tryregister, removeuser and removeuser3, because people are made and changed
// elsewhere. USER may be escaped (XEP-0106): a server cannot write the @ of
// jane@acme.com there, and writes jane\40acme.com.
//
// ejabberd puts the length before a question, in two bytes, the larger one
// first, and so does the answer: 0, 2, 0, and 1 for yes or 0 for no. Prosody
// ends a question with a line break, and so does the answer: 1 or 0.
package extauth

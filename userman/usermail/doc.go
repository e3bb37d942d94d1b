// Package usermail renders the mails that users receive: the welcome mail and the
// mail to reset a password.
//
// [DefaultTemplates] are in five languages. [ParseTemplates] reads a product's own.
// [Templates.Render] returns a [Mail] in the language that suits the user best. The
// package sends nothing; package userman does.
package usermail

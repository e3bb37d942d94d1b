// Package site is what the reference programs have in common: the settings of
// one installation, and what they open with them. It is wiring and no rule; a
// product writes its own.
package site

// Package app opens what the reference programs share: the settings of one
// installation, its database and its services. It is wiring and holds no rules;
// a product writes its own.
package app

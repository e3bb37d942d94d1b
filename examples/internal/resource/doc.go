// Package resource declares each type of record once for the programs: the API,
// the pages and pbxctl. A [Type] names the fields of its records, the columns,
// filters and sort fields of its list, and the calls of the services that list,
// read, create, change and delete them. The programs loop over it.
//
// A field that is more than a plain value, but can be written as text, is a
// [Part]: groups of a user, networks of an AMI account. What has a form of its
// own (permissions, event filters) and other operations are code of the programs.
package resource

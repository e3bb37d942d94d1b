// Package golden compares what a program says with what it said before. Files
// below testdata hold what it said, and are written anew by
//
//	PBXUSERS_UPDATE_GOLDEN=1 go test -run Golden ./...
//
// It is for tests only.
package golden

package userman

// DirectoryError says that a [Directory] could not be read to its end. What is
// wrong is told in the directory's own words, for those who administer it.
type DirectoryError struct {
	// Directory is its name, and Err what it returned.
	Directory string
	Err       error
}

// Error says which directory it is, and why.
func (e *DirectoryError) Error() string {
	return "the directory " + e.Directory + " could not be read: " + e.Err.Error()
}

// Unwrap returns the directory's own error.
func (e *DirectoryError) Unwrap() error { return e.Err }

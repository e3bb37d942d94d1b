package asteriskconf

// Progress tells how far an apply has come.
type Progress struct {
	// Step is one of the Step constants.
	Step string `json:"step"`
	// File is the file at work; empty when it is all of them.
	File string `json:"file"`
}

// at says that a step begins.
func (f *Folder) at(step, file string) {
	if f.progress != nil {
		f.progress(Progress{Step: step, File: file})
	}
}

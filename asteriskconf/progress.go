package asteriskconf

// Progress tells how far an apply has come.
type Progress struct {
	// Step is one of the Step constants.
	Step string `json:"step"`
	// File is the file at work; empty when it is all of them.
	File string `json:"file"`
}

// reportProgress says that a step begins.
func (d *ConfigDir) reportProgress(step, file string) {
	if d.progress != nil {
		d.progress(Progress{Step: step, File: file})
	}
}

package asteriskconf

// Progress is the current step of an apply.
type Progress struct {
	// Step is one of the Step constants.
	Step string `json:"step"`
	// File is the current file; empty if the step concerns all files.
	File string `json:"file"`
}

// reportProgress reports the start of a step.
func (d *ConfigDir) reportProgress(step, file string) {
	if d.progress != nil {
		d.progress(Progress{Step: step, File: file})
	}
}

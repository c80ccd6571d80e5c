package refdata
import "io/fs"
func fsSub()(fs.FS,error){return fs.Sub(embedded,"tables")}

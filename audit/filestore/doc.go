// Package filestore keeps the chains of an access log (D.M. Interno 17 October
// 2022, annex 2, "Ulteriori specifiche tecniche" 1) in files, one for each
// chain, in the format of package audit.
//
//	store, err := filestore.Open("audit", filestore.Config{})
//	defer store.Close()
//
// # Guarantees
//
//   - What Append has acknowledged was written and synced, and for a new file
//     its folder too. The folder has mode 0700 if Open makes it, the files 0600.
//   - One process at a time has the folder open: a second Open fails with
//     [ErrLocked]. The lock is the kernel's (flock) on the folder itself: it
//     ends with the process, however that ends, and leaves no file. It is not
//     meant for network file systems.
//   - After a failed sync nothing is known about what the disk holds, so the
//     chain takes no more records ([ErrPoisoned]) until the folder is opened
//     again, which reads what is there. A sync is never tried twice. A failed
//     write, as on a full disk, is undone, and the next may succeed.
//   - Before each append the file must be the one that was opened, as long as it
//     was left: if somebody has replaced, shortened or extended it, the append
//     fails and the chain is poisoned.
//   - Open cuts off what an interrupted write has left at the end of a file, and
//     reports it with the bytes ([Store.Recoveries]). Nothing acknowledged is
//     there. Anything else wrong is a [CorruptError], and the file is left as it
//     is: nobody but a person decides about it.
//
// What an interrupted write leaves is the begin of a record; or, after a crash
// of the machine, sectors of 512 bytes that were never written and read as
// zeros, in the last append (a file is synced after each, and each 256 KiB). A
// last record that is whole but wrong is neither. Where the two cannot be told
// apart, as when less than 16 bytes at the end are zeros, it is a CorruptError,
// and a person may cut the file at the place that it names.
//
// A record that a later version of package audit wrote is a CorruptError too,
// whole or not, whatever follows it: the file has to be opened with that version.
//
// Open checks each file's end, as far back as an interrupted write can reach.
// To check everything, set Config.Full or call [audit.Log.Verify].
//
// Others may read the files meanwhile, with [audit.VerifyFS] for instance.
package filestore

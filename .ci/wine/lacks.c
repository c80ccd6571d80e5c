/* What Go's programs ask of Windows and wine 8 does not answer as any Windows does.
   Go's runtime loads this library, as bcryptprimitives.dll, before anything else. */
#include <windows.h>
#include <winternl.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

/* ProcessPrng, out of what wine has: RtlGenRandom. */
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE at, SIZE_T left) {
  while (left > 0) {
    ULONG some = left > 65536 ? 65536 : (ULONG)left;
    if (!SystemFunction036(at, some)) return FALSE;
    at += some;
    left -= some;
  }
  return TRUE;
}

typedef NTSTATUS(NTAPI *set_file)(HANDLE, PVOID, PVOID, ULONG, ULONG);
static set_file original;

/* NtSetInformationFile: a Windows that does not know the newer ways to delete and
   rename (FileDispositionInformationEx, FileRenameInformationEx) says
   STATUS_INVALID_INFO_CLASS, and Go takes the older ones. wine says
   STATUS_NOT_IMPLEMENTED, and Go gives up. */
static NTSTATUS NTAPI set_information(HANDLE file, PVOID status, PVOID info, ULONG length, ULONG class) {
  NTSTATUS s = original(file, status, info, length, class);
  if (s == (NTSTATUS)0xC0000002 && (class == 64 || class == 65)) return (NTSTATUS)0xC0000003;
  return s;
}

/* Puts set_information where GetProcAddress finds NtSetInformationFile: the address in
   the table of exports counts from the library's beginning, so a jump is put after it. */
static BOOL replace(void) {
  BYTE *base = (BYTE *)GetModuleHandleA("ntdll.dll");
  IMAGE_NT_HEADERS *nt = (IMAGE_NT_HEADERS *)(base + ((IMAGE_DOS_HEADER *)base)->e_lfanew);
  IMAGE_EXPORT_DIRECTORY *exports =
      (IMAGE_EXPORT_DIRECTORY *)(base + nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT].VirtualAddress);
  DWORD *names = (DWORD *)(base + exports->AddressOfNames), *functions = (DWORD *)(base + exports->AddressOfFunctions);
  WORD *ordinals = (WORD *)(base + exports->AddressOfNameOrdinals);
  BYTE *jump = NULL;
  DWORD i, old;
  for (ULONG_PTR at = (ULONG_PTR)base + nt->OptionalHeader.SizeOfImage; jump == NULL; at += 65536) {
    if (at - (ULONG_PTR)base > 0x40000000) return FALSE;
    jump = VirtualAlloc((void *)((at + 65535) & ~(ULONG_PTR)65535), 4096, MEM_COMMIT | MEM_RESERVE, PAGE_EXECUTE_READWRITE);
  }
  jump[0] = 0x48, jump[1] = 0xB8; /* mov rax, ... */
  *(void **)(jump + 2) = (void *)set_information;
  jump[10] = 0xFF, jump[11] = 0xE0; /* jmp rax */
  for (i = 0; i < exports->NumberOfNames; i++) {
    DWORD *entry = &functions[ordinals[i]];
    if (lstrcmpA((char *)base + names[i], "NtSetInformationFile") != 0) continue;
    original = (set_file)(base + *entry);
    if (!VirtualProtect(entry, sizeof *entry, PAGE_READWRITE, &old)) return FALSE;
    *entry = (DWORD)(jump - base);
    return VirtualProtect(entry, sizeof *entry, old, &old);
  }
  return FALSE;
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved) {
  return reason != DLL_PROCESS_ATTACH || replace();
}

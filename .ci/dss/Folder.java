import eu.europa.esig.dss.enumerations.Indication;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Judges every PDF of a folder with EU DSS, offline. Usage: Folder TRUST.pem
 * FOLDER. One line a file: name, 1 if every signature is TOTAL_PASSED, 1 if
 * every signature is intact whether trusted or not, what DSS says.
 */
public class Folder {
    public static void main(String[] args) throws Exception {
        CommonTrustedCertificateSource trust = new CommonTrustedCertificateSource();
        for (String part : new String(java.nio.file.Files.readAllBytes(new File(args[0]).toPath())).split("(?=-----BEGIN)")) {
            if (part.startsWith("-----BEGIN")) {
                trust.addCertificate(DSSUtils.loadCertificate(part.getBytes()));
            }
        }
        File[] files = new File(args[1]).listFiles((dir, name) -> name.endsWith(".pdf"));
        Arrays.sort(files);
        ExecutorService pool = Executors.newCachedThreadPool(r -> {
            Thread t = new Thread(r);
            t.setDaemon(true);
            return t;
        });
        for (File file : files) {
            Future<String> answer = pool.submit(() -> judge(trust, file));
            String line;
            try {
                line = answer.get(30, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                line = "0\t0\terror: " + e.getCause().getClass().getSimpleName();
            } catch (java.util.concurrent.TimeoutException e) {
                answer.cancel(true);
                line = "0\t0\terror: no answer in 30 s";
            }
            System.out.println(file.getName() + "\t" + line.replace('\n', ' '));
        }
        System.exit(0);
    }

    static String judge(CommonTrustedCertificateSource trust, File file) {
        CommonCertificateVerifier verifier = new CommonCertificateVerifier();
        verifier.setTrustedCertSources(trust);
        verifier.setAIASource(null);
        SignedDocumentValidator v = SignedDocumentValidator.fromDocument(new FileDocument(file));
        v.setCertificateVerifier(verifier);
        SimpleReport r = v.validateDocument().getSimpleReport();
        List<String> ids = r.getSignatureIdList();
        if (ids.isEmpty()) {
            return "0\t0\tno signature";
        }
        boolean passed = true;
        boolean intact = true;
        Set<String> said = new TreeSet<>();
        for (String id : ids) {
            Indication i = r.getIndication(id);
            passed &= i == Indication.TOTAL_PASSED;
            intact &= i != Indication.TOTAL_FAILED;
            said.add(i + "/" + r.getSubIndication(id));
            List<String> why = new ArrayList<>();
            r.getAdESValidationErrors(id).forEach(m -> why.add(m.getValue()));
            r.getAdESValidationWarnings(id).forEach(m -> why.add("w:" + m.getValue()));
            said.addAll(why);
        }
        return (passed ? 1 : 0) + "\t" + (intact ? 1 : 0) + "\t" + said;
    }
}

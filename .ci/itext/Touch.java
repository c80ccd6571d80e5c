import com.itextpdf.forms.form.element.SignatureFieldAppearance;
import com.itextpdf.io.image.ImageDataFactory;
import com.itextpdf.io.source.ByteArrayOutputStream;
import com.itextpdf.kernel.geom.Rectangle;
import com.itextpdf.kernel.pdf.PdfDocument;
import com.itextpdf.kernel.pdf.PdfReader;
import com.itextpdf.kernel.pdf.PdfWriter;
import com.itextpdf.kernel.pdf.StampingProperties;
import com.itextpdf.signatures.BouncyCastleDigest;
import com.itextpdf.signatures.CrlClientOffline;
import com.itextpdf.signatures.ITSAClient;
import com.itextpdf.signatures.LtvVerification;
import com.itextpdf.signatures.PdfSigner;
import com.itextpdf.signatures.PrivateKeySignature;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Date;
import javax.imageio.ImageIO;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoGeneratorBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.tsp.TSPAlgorithms;
import org.bouncycastle.tsp.TimeStampRequest;
import org.bouncycastle.tsp.TimeStampRequestGenerator;
import org.bouncycastle.tsp.TimeStampTokenGenerator;

/**
 * Adds to a sealed PDF, with iText in append mode, what honest programs add.
 * Usage: Touch FOLDER BASE.pdf, with the keys that touch.py left in FOLDER; writes
 * itext-OPERATION.pdf into FOLDER/out.
 */
public class Touch {
    static String folder;
    static PrivateKey key;
    static PrivateKey stampKey;
    static Certificate[] chain;
    static Certificate[] stampChain;

    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        folder = args[0];
        byte[] base = Files.readAllBytes(new File(args[1]).toPath());
        KeyStore store = load("firma.p12");
        String alias = store.aliases().nextElement();
        key = (PrivateKey) store.getKey(alias, "prova".toCharArray());
        chain = store.getCertificateChain(alias);
        KeyStore marca = load("marca.p12");
        alias = marca.aliases().nextElement();
        stampKey = (PrivateKey) marca.getKey(alias, "prova".toCharArray());
        stampChain = marca.getCertificateChain(alias);
        write("stamp", stamp(base));
        byte[] second = sign(base, false);
        write("second", second);
        write("visible", sign(base, true));
        byte[] data = validationData(second);
        write("dss", data);
        write("lta", stamp(data));
    }

    static KeyStore load(String name) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new FileInputStream(folder + "/" + name), "prova".toCharArray());
        return store;
    }

    static void write(String name, byte[] data) throws Exception {
        Files.write(new File(folder + "/out/itext-" + name + ".pdf").toPath(), data);
    }

    static PdfSigner signer(byte[] data, ByteArrayOutputStream out) throws Exception {
        return new PdfSigner(new PdfReader(new ByteArrayInputStream(data)), out, new StampingProperties().useAppendMode());
    }

    static byte[] sign(byte[] data, boolean visible) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PdfSigner s = signer(data, out);
        s.setFieldName("Conservatore");
        if (visible) {
            s.setPageNumber(1);
            s.setPageRect(new Rectangle(50, 50, 150, 50));
            BufferedImage image = new BufferedImage(60, 20, BufferedImage.TYPE_INT_RGB);
            image.getGraphics().setColor(Color.GRAY);
            image.getGraphics().fillRect(5, 5, 50, 10);
            ByteArrayOutputStream png = new ByteArrayOutputStream();
            ImageIO.write(image, "png", png);
            s.setSignatureAppearance(new SignatureFieldAppearance("Conservatore").setContent(ImageDataFactory.create(png.toByteArray())));
        }
        s.signDetached(new BouncyCastleDigest(), new PrivateKeySignature(key, "SHA-256", "BC"), chain, null, null, new Stamper(), 0,
            PdfSigner.CryptoStandard.CADES);
        return out.toByteArray();
    }

    static byte[] stamp(byte[] data) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        signer(data, out).timestamp(new Stamper(), "Marca");
        return out.toByteArray();
    }

    static byte[] validationData(byte[] data) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PdfDocument doc = new PdfDocument(new PdfReader(new ByteArrayInputStream(data)), new PdfWriter(out), new StampingProperties().useAppendMode());
        LtvVerification v = new LtvVerification(doc);
        byte[] crl = Files.readAllBytes(new File(folder + "/crl.der").toPath());
        v.addVerification("Conservatore", null, new CrlClientOffline(crl), LtvVerification.CertificateOption.WHOLE_CHAIN,
            LtvVerification.Level.CRL, LtvVerification.CertificateInclusion.YES);
        v.merge();
        doc.close();
        return out.toByteArray();
    }

    /** A time-stamping authority in the same process. */
    static class Stamper implements ITSAClient {
        @Override
        public int getTokenSizeEstimate() {
            return 8192;
        }

        @Override
        public MessageDigest getMessageDigest() throws java.security.GeneralSecurityException {
            return MessageDigest.getInstance("SHA-256");
        }

        @Override
        public byte[] getTimeStampToken(byte[] imprint) throws Exception {
            TimeStampRequestGenerator ask = new TimeStampRequestGenerator();
            ask.setCertReq(true);
            TimeStampRequest request = ask.generate(TSPAlgorithms.SHA256, imprint);
            TimeStampTokenGenerator g = new TimeStampTokenGenerator(
                new JcaSimpleSignerInfoGeneratorBuilder().build("SHA256withRSA", stampKey, (X509Certificate) stampChain[0]),
                new JcaDigestCalculatorProviderBuilder().build().get(new org.bouncycastle.asn1.x509.AlgorithmIdentifier(
                    new ASN1ObjectIdentifier("2.16.840.1.101.3.4.2.1"))),
                new ASN1ObjectIdentifier("1.2.3.4"));
            g.addCertificates(new JcaCertStore(Arrays.asList(stampChain)));
            return g.generate(request, BigInteger.valueOf(System.nanoTime()), new Date()).getEncoded();
        }
    }
}

import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.EncryptionAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.PAdESTimestampParameters;
import eu.europa.esig.dss.pades.SignatureFieldParameters;
import eu.europa.esig.dss.pades.SignatureImageParameters;
import eu.europa.esig.dss.pades.SignatureImageTextParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.spi.x509.tsp.KeyEntityTSPSource;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.nio.file.Files;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Calendar;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.pdfbox.Loader;
import org.apache.pdfbox.cos.COSArray;
import org.apache.pdfbox.cos.COSDictionary;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.cos.COSStream;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.PDSignature;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.SignatureInterface;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.SignatureOptions;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.visible.PDVisibleSigProperties;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.visible.PDVisibleSignDesigner;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoGeneratorBuilder;

/**
 * Adds to a sealed PDF, with EU DSS and with PDFBox, what honest programs add.
 * Usage: Touch FOLDER BASE.pdf PLAIN.pdf, the latter sealed at level B-B, with the
 * keys that touch.py left in FOLDER; writes
 * dss-OPERATION.pdf and pdfbox-OPERATION.pdf into FOLDER/out.
 */
public class Touch {
    static String folder;
    static byte[] base;
    static PrivateKey key;
    static Certificate[] chain;
    static KeyEntityTSPSource tsp;

    public static void main(String[] args) throws Exception {
        folder = args[0];
        base = Files.readAllBytes(new File(args[1]).toPath());
        KeyStore store = load("firma.p12");
        key = (PrivateKey) store.getKey(store.aliases().nextElement(), "prova".toCharArray());
        chain = store.getCertificateChain(store.aliases().nextElement());
        KeyStore marca = load("marca.p12");
        String alias = marca.aliases().nextElement();
        List<CertificateToken> stampChain = new ArrayList<>();
        for (Certificate c : marca.getCertificateChain(alias)) {
            stampChain.add(new CertificateToken((X509Certificate) c));
        }
        tsp = new KeyEntityTSPSource((PrivateKey) marca.getKey(alias, "prova".toCharArray()), stampChain.get(0), stampChain);
        tsp.setTsaPolicy("1.2.3.4");
        DSSDocument doc = new FileDocument(args[1]);
        save("dss-stamp", service().timestamp(doc, new PAdESTimestampParameters()));
        save("dss-second", sign(doc, SignatureLevel.PAdES_BASELINE_B, false));
        // DSS extends every seal of the file, and none that is extended already.
        DSSDocument plain = new FileDocument(args[2]);
        save("dss-dss", sign(plain, SignatureLevel.PAdES_BASELINE_LT, false));
        save("dss-lta", sign(plain, SignatureLevel.PAdES_BASELINE_LTA, false));
        save("dss-visible", sign(doc, SignatureLevel.PAdES_BASELINE_B, true));

        write("pdfbox-stamp", pdfbox(base, true, false));
        byte[] second = pdfbox(base, false, false);
        write("pdfbox-second", second);
        write("pdfbox-visible", pdfbox(base, false, true));
        write("pdfbox-dss", securityStore(base));
        write("pdfbox-lta", pdfbox(securityStore(second), true, false));
    }

    static KeyStore load(String name) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new FileInputStream(folder + "/" + name), "prova".toCharArray());
        return store;
    }

    static void save(String name, DSSDocument d) throws Exception {
        d.save(folder + "/out/" + name + ".pdf");
    }

    static void write(String name, byte[] data) throws Exception {
        Files.write(new File(folder + "/out/" + name + ".pdf").toPath(), data);
    }

    static PAdESService service() throws Exception {
        CommonCertificateVerifier verifier = new CommonCertificateVerifier();
        CommonTrustedCertificateSource trust = new CommonTrustedCertificateSource();
        trust.addCertificate(DSSUtils.loadCertificate(new File(folder + "/root.der")));
        verifier.setTrustedCertSources(trust);
        verifier.setAIASource(null);
        verifier.setCrlSource(new ExternalResourcesCRLSource(new FileInputStream(folder + "/crl.der")));
        verifier.setAlertOnMissingRevocationData(s -> { });
        verifier.setAlertOnNoRevocationAfterBestSignatureTime(s -> { });
        verifier.setAlertOnRevokedCertificate(s -> { });
        PAdESService service = new PAdESService(verifier);
        service.setTspSource(tsp);
        return service;
    }

    static DSSDocument sign(DSSDocument doc, SignatureLevel level, boolean visible) throws Exception {
        PAdESSignatureParameters p = new PAdESSignatureParameters();
        p.setSignatureLevel(level);
        p.setDigestAlgorithm(DigestAlgorithm.SHA256);
        List<CertificateToken> tokens = new ArrayList<>();
        for (Certificate c : chain) {
            tokens.add(new CertificateToken((X509Certificate) c));
        }
        p.setSigningCertificate(tokens.get(0));
        p.setCertificateChain(tokens);
        if (visible) {
            SignatureImageParameters image = new SignatureImageParameters();
            SignatureFieldParameters field = new SignatureFieldParameters();
            field.setPage(1);
            field.setOriginX(50);
            field.setOriginY(700);
            field.setWidth(150);
            field.setHeight(50);
            image.setFieldParameters(field);
            SignatureImageTextParameters text = new SignatureImageTextParameters();
            text.setText("Conservato");
            image.setTextParameters(text);
            p.setImageParameters(image);
        }
        PAdESService service = service();
        Signature s = Signature.getInstance("SHA256withRSA");
        s.initSign(key);
        s.update(service.getDataToSign(doc, p).getBytes());
        return service.signDocument(doc, p, new SignatureValue(SignatureAlgorithm.getAlgorithm(EncryptionAlgorithm.RSA, DigestAlgorithm.SHA256), s.sign()));
    }

    static byte[] pdfbox(byte[] data, boolean stamp, boolean visible) throws Exception {
        try (PDDocument doc = Loader.loadPDF(data); SignatureOptions options = new SignatureOptions()) {
            PDSignature signature = new PDSignature();
            signature.setFilter(PDSignature.FILTER_ADOBE_PPKLITE);
            if (stamp) {
                signature.setType(COSName.getPDFName("DocTimeStamp"));
                signature.setSubFilter(COSName.getPDFName("ETSI.RFC3161"));
            } else {
                signature.setSubFilter(PDSignature.SUBFILTER_ETSI_CADES_DETACHED);
                signature.setName("Conservatore");
                signature.setSignDate(Calendar.getInstance());
            }
            options.setPreferredSignatureSize(0x4000);
            if (visible) {
                ByteArrayOutputStream png = new ByteArrayOutputStream();
                BufferedImage image = new BufferedImage(60, 20, BufferedImage.TYPE_INT_RGB);
                image.getGraphics().setColor(Color.GRAY);
                image.getGraphics().fillRect(5, 5, 50, 10);
                ImageIO.write(image, "png", png);
                PDVisibleSignDesigner design = new PDVisibleSignDesigner(doc, new ByteArrayInputStream(png.toByteArray()), 1);
                design.xAxis(50).yAxis(50).width(150).height(50).signatureFieldName("Visibile");
                PDVisibleSigProperties properties = new PDVisibleSigProperties();
                properties.signerName("Conservatore").preferredSize(0).page(1).visualSignEnabled(true).setPdVisibleSignature(design);
                properties.buildSignature();
                options.setVisualSignature(properties.getVisibleSignature());
                options.setPage(0);
            }
            SignatureInterface cms = content -> {
                try {
                    byte[] bytes = content.readAllBytes();
                    return stamp ? token(bytes) : detached(bytes);
                } catch (Exception e) {
                    throw new java.io.IOException(e);
                }
            };
            doc.addSignature(signature, cms, options);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            doc.saveIncremental(out);
            return out.toByteArray();
        }
    }

    static byte[] token(byte[] content) throws Exception {
        byte[] digest = java.security.MessageDigest.getInstance("SHA-256").digest(content);
        return tsp.getTimeStampResponse(DigestAlgorithm.SHA256, digest).getBytes();
    }

    static byte[] detached(byte[] content) throws Exception {
        CMSSignedDataGenerator g = new CMSSignedDataGenerator();
        g.addSignerInfoGenerator(new JcaSimpleSignerInfoGeneratorBuilder().build("SHA256withRSA", key, (X509Certificate) chain[0]));
        g.addCertificates(new JcaCertStore(Arrays.asList(chain)));
        return g.generate(new CMSProcessableByteArray(content), false).getEncoded();
    }

    static byte[] securityStore(byte[] data) throws Exception {
        try (PDDocument doc = Loader.loadPDF(data)) {
            COSDictionary catalog = doc.getDocumentCatalog().getCOSObject();
            COSDictionary dss = catalog.getCOSDictionary(COSName.getPDFName("DSS"));
            if (dss == null) {
                dss = new COSDictionary();
                catalog.setItem(COSName.getPDFName("DSS"), dss);
            }
            add(doc, dss, "Certs", chain[0].getEncoded());
            add(doc, dss, "CRLs", Files.readAllBytes(new File(folder + "/crl.der").toPath()));
            dss.setNeedToBeUpdated(true);
            catalog.setNeedToBeUpdated(true);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            doc.saveIncremental(out);
            return out.toByteArray();
        }
    }

    static void add(PDDocument doc, COSDictionary dss, String name, byte[] der) throws Exception {
        COSArray list = dss.getCOSArray(COSName.getPDFName(name));
        if (list == null) {
            list = new COSArray();
            dss.setItem(COSName.getPDFName(name), list);
        }
        COSStream stream = doc.getDocument().createCOSStream();
        try (java.io.OutputStream o = stream.createOutputStream(COSName.FLATE_DECODE)) {
            o.write(der);
        }
        list.add(stream);
        list.setNeedToBeUpdated(true);
    }
}
